package mstc.cloud.worker.adapters.k8s.view;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import mstc.cloud.worker.adapters.k8s.cluster.Timer;
import mstc.cloud.worker.adapters.k8s.log.LogSource;
import mstc.cloud.worker.adapters.k8s.log.LogSource.Container;
import mstc.cloud.worker.adapters.k8s.log.Rotation;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices that a log was rotated while it is followed: once so much was read that it may be, it
 * asks now and then which file is the newest. Used by one thread, and does not wait.
 */
final class RotationLook {
  private static final Logger LOG = LoggerFactory.getLogger(RotationLook.class);

  /** As often as kubelets check sizes. */
  private static final Duration BETWEEN = Duration.ofSeconds(10);

  private final LogSource source;
  private final Container container;
  private final Timer timer;
  private final Executor threads;

  private volatile @Nullable Instant answer;
  private @Nullable Instant begins;
  private long lookedNanos;

  RotationLook(LogSource source, Container container, Timer timer, Executor threads) {
    this.source = source;
    this.container = container;
    this.timer = timer;
    this.threads = threads;
    this.lookedNanos = timer.nanos() - BETWEEN.toNanos();
  }

  /**
   * Looks, if it is time.
   *
   * @param bytes how many were read
   * @param newest the time of the newest line that was read
   * @return when a file begins that is not the one before
   */
  Optional<Instant> look(long bytes, Instant newest) {
    if (bytes >= Rotation.Sizes.OF_KUBELETS.near()
        && timer.nanos() - lookedNanos >= BETWEEN.toNanos()) {
      lookedNanos = timer.nanos();
      ask();
    }
    Instant asked = answer;
    answer = null;
    if (asked == null || asked.equals(begins)) {
      return Optional.empty();
    }
    boolean isNext = begins != null || asked.isAfter(newest);
    begins = asked;
    return isNext ? Optional.of(asked) : Optional.empty();
  }

  private void ask() {
    try {
      threads.execute(() -> {
        try {
          answer = source.newestFileBegins(container).orElse(null);
        } catch (IOException | RuntimeException e) {
          LOG.debug("pod={} its newest file is not known: {}", container.pod(), e.toString());
        }
      });
    } catch (RejectedExecutionException e) {
      LOG.debug("pod={} is no longer looked at", container.pod());
    }
  }
}
