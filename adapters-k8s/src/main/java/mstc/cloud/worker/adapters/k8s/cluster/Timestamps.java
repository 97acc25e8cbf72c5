package mstc.cloud.worker.adapters.k8s.cluster;

import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads the cluster's timestamps, as the API server and the kubelets write them. */
public final class Timestamps {
  private Timestamps() {}

  /** Empty if the text is missing or is no timestamp. */
  public static Optional<Instant> parse(@Nullable String text) {
    try {
      return text == null || text.isBlank() ? Optional.empty() : Optional.of(Instant.parse(text));
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }
}
