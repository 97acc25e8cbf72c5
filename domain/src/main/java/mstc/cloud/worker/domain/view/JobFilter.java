package mstc.cloud.worker.domain.view;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.request.Glob;

/**
 * Which jobs are meant: those that match all parts that are given.
 *
 * @param states one of these; empty for any
 * @param outcomes ended in one of these ways; empty for any, and for jobs without an outcome yet
 * @param name a part of the unique name, or a pattern of the whole of it if it has a {@code *}
 * @param image the same of the image
 * @param labels all of these, each with its value, or with any if that is empty
 */
public record JobFilter(
    Set<JobState> states,
    Set<JobOutcome.Kind> outcomes,
    Optional<String> name,
    Optional<String> image,
    List<Label> labels) {

  /** Every job. */
  public static final JobFilter ALL =
      new JobFilter(Set.of(), Set.of(), Optional.empty(), Optional.empty(), List.of());

  public JobFilter {
    states = Set.copyOf(states);
    outcomes = Set.copyOf(outcomes);
    labels = List.copyOf(labels);
  }

  /** A label that a job has. */
  public record Label(String key, Optional<String> value) {

    /** As people write it: {@code key=value}, or {@code key} for any value. */
    public static Label parse(String text) {
      int equals = text.indexOf('=');
      return equals < 0
          ? new Label(text, Optional.empty())
          : new Label(text.substring(0, equals), Optional.of(text.substring(equals + 1)));
    }

    private boolean isOn(Map<String, String> labels) {
      String given = labels.get(key);
      return given != null && value.map(given::equals).orElse(true);
    }
  }

  /** Whether that job is meant. */
  public boolean matches(JobSummary job) {
    return (states.isEmpty() || states.contains(job.state()))
        && (outcomes.isEmpty() || job.outcome().filter(outcomes::contains).isPresent())
        && name.map(wanted -> fits(wanted, job.name().value())).orElse(true)
        && image
            .map(wanted -> job.image().filter(known -> fits(wanted, known.value())).isPresent())
            .orElse(true)
        && labels.stream().allMatch(label -> label.isOn(job.labels()));
  }

  private static boolean fits(String wanted, String text) {
    return wanted.indexOf('*') < 0 ? text.contains(wanted) : new Glob(wanted).matches(text);
  }
}
