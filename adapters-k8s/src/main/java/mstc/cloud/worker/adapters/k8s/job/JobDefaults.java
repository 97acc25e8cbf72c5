package mstc.cloud.worker.adapters.k8s.job;

import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import mstc.cloud.worker.domain.request.Glob;
import mstc.cloud.worker.domain.request.Resources;

/** What all Jobs have in common, by configuration. */
public interface JobDefaults {
  SortedMap<String, String> environment();

  Optional<String> credentialsSecret();

  SortedMap<String, String> nodeSelector();

  List<? extends ToleratedTaint> tolerations();

  List<String> imagePullSecrets();

  Optional<String> serviceAccount();

  Resources defaultResources();

  Optional<String> priorityClass();

  Optional<String> queueName();

  Optional<String> scheduler();

  SortedMap<String, String> podLabels();

  SortedMap<String, String> podAnnotations();

  boolean restricted();

  /** Which of a request's labels its pods get as well; its Job gets all of them. */
  List<Glob> labelsForPods();

  /** A taint of nodes that jobs tolerate. */
  interface ToleratedTaint {
    String key();

    Optional<String> value();

    Optional<String> effect();
  }
}
