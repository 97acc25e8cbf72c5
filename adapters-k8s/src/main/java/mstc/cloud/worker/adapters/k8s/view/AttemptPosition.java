package mstc.cloud.worker.adapters.k8s.view;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mstc.cloud.worker.adapters.k8s.log.ViewedPosition;

/**
 * Up to where a job's log was given.
 *
 * @param pod the uid of the attempt's pod
 * @param inLog where in its container's log; empty if nothing of that was given
 */
record AttemptPosition(String pod, Optional<ViewedPosition> inLog) {
  private static final Pattern SYNTAX = Pattern.compile("([A-Za-z0-9-]{1,64})/([0-9.]{0,80})");

  String toText() {
    return pod + "/" + inLog.map(ViewedPosition::toText).orElse("");
  }

  /** Whether what was given ends with a line's end. */
  boolean endsLine() {
    return inLog.map(position -> position.unfinished().isEmpty()).orElse(true);
  }

  /**
   * Parses {@link #toText()}.
   *
   * @throws IllegalArgumentException if it is none
   */
  static AttemptPosition parse(String text) {
    Matcher parts = SYNTAX.matcher(text);
    if (!parts.matches()) {
      throw new IllegalArgumentException("\"" + text + "\" is no position in a log");
    }
    return new AttemptPosition(
        parts.group(1),
        Optional.of(parts.group(2)).filter(rest -> !rest.isEmpty()).map(ViewedPosition::parse));
  }
}
