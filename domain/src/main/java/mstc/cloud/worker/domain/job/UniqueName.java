package mstc.cloud.worker.domain.job;

import java.util.UUID;
import java.util.regex.Pattern;
import mstc.cloud.worker.domain.InvalidValueException;
import mstc.cloud.worker.domain.request.JobName;

/**
 * The name of one job: {@code <jobName>-<uuid>}, at most 63 characters, so that it serves as a
 * label too. A long job name is cut, never the uuid.
 */
public record UniqueName(String value) {
  private static final int MAX_LENGTH = 63;
  private static final int UUID_LENGTH = 36;
  private static final Pattern SYNTAX =
      Pattern.compile(
          "[a-z0-9]([a-z0-9-]{0,24}[a-z0-9])?"
              + "-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");

  public UniqueName {
    if (!SYNTAX.matcher(value).matches()) {
      throw new InvalidValueException(value, "a job name and a uuid, joined by '-'");
    }
  }

  /** The name of a job of that kind and that identity. */
  public static UniqueName of(JobName jobName, UUID uuid) {
    String prefix = jobName.value();
    int room = MAX_LENGTH - UUID_LENGTH - 1;
    if (prefix.length() > room) {
      prefix = prefix.substring(0, room).replaceFirst("-+$", "");
    }
    return new UniqueName(prefix + "-" + uuid);
  }

  /** The part that distinguishes this job from all others, whatever their job name. */
  public UUID uuid() {
    return UUID.fromString(value.substring(value.length() - UUID_LENGTH));
  }

  @Override
  public String toString() {
    return value;
  }
}
