package mstc.cloud.worker.adapters.k8s.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventBuilder;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What events tell of a pod that is gone. */
class PodTraceTest {
  private static final Instant TIME = Instant.parse("2026-11-23T09:00:00Z");

  private static Event event(String reason, String fieldPath, Instant time) {
    return new EventBuilder()
        .withNewMetadata()
        .endMetadata()
        .withReason(reason)
        .withNewInvolvedObject()
        .withFieldPath(fieldPath)
        .endInvolvedObject()
        .withFirstTimestamp(time.toString())
        .build();
  }

  @Test
  void onlyTheStartOfTheJobsContainerIsTheJobs() {
    Event creation = event("SuccessfulCreate", "", TIME);
    Event ofInit = event("Started", "spec.initContainers{solve-init}", TIME.plusSeconds(1));
    Event ofProxy = event("Started", "spec.containers{proxy}", TIME.plusSeconds(2));
    Event ofJob = event("Started", "spec.containers{solve}", TIME.plusSeconds(3));

    assertThat(PodTrace.of("p", "solve", creation, List.of(ofInit, ofProxy, ofJob)).startedAt())
        .contains(TIME.plusSeconds(3));
    assertThat(PodTrace.of("p", "solve", creation, List.of(ofInit, ofProxy)).startedAt()).isEmpty();
  }
}
