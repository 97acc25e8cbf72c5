package mstc.cloud.worker.domain.request;

import java.util.regex.Pattern;
import mstc.cloud.worker.domain.InvalidValueException;

/**
 * The client's name for a kind of job: a DNS label of RFC 1123, as Kubernetes requires for
 * container names and label values.
 */
public record JobName(String value) {
  private static final Pattern SYNTAX = Pattern.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");

  public JobName {
    if (!SYNTAX.matcher(value).matches()) {
      throw new InvalidValueException(
          value,
          "a DNS label: 1 to 63 of a-z, 0-9 and '-', beginning and ending with a letter or digit");
    }
  }

  @Override
  public String toString() {
    return value;
  }
}
