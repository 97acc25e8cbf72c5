package mstc.cloud.worker.application.view;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.Comparator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mstc.cloud.worker.domain.InvalidValueException;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.view.JobSummary;

/**
 * A job's place in the list, newest first. It stays the same for as long as there is the job, so it
 * serves as the end of a page while jobs come and go.
 */
record Place(Instant createdAt, String name) implements Comparable<Place> {
  private static final Pattern SYNTAX = Pattern.compile("(\\d{1,12})\\.(\\d{1,9})\\.([a-z0-9-]+)");
  private static final Comparator<Place> ORDER =
      Comparator.comparing(Place::createdAt).reversed().thenComparing(Place::name);

  static Place of(JobSummary job) {
    return new Place(job.createdAt(), job.name().value());
  }

  /**
   * The place that {@link #toString} has written.
   *
   * @throws InvalidValueException if it has not
   */
  static Place parse(String text) {
    Matcher matcher = SYNTAX.matcher(text);
    if (!matcher.matches()) {
      throw invalid(text);
    }
    try {
      return new Place(
          Instant.ofEpochSecond(Long.parseLong(matcher.group(1)), Long.parseLong(matcher.group(2))),
          new UniqueName(matcher.group(3)).value());
    } catch (DateTimeException | IllegalArgumentException e) {
      throw invalid(text);
    }
  }

  private static InvalidValueException invalid(String text) {
    return new InvalidValueException(text, "the value of next of the page before");
  }

  @Override
  public int compareTo(Place other) {
    return ORDER.compare(this, other);
  }

  @Override
  public String toString() {
    return createdAt.getEpochSecond() + "." + createdAt.getNano() + "." + name;
  }
}
