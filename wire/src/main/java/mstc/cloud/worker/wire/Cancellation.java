package mstc.cloud.worker.wire;

import java.util.List;
import mstc.cloud.worker.domain.view.JobFilter;

/**
 * A request to cancel jobs: those that are named, or those that match a filter.
 *
 * @param names of the jobs; empty if they are those that match the filter
 * @param preview whether it is only shown which jobs they are
 */
public record Cancellation(List<String> names, JobFilter filter, boolean preview) {
  public Cancellation {
    names = List.copyOf(names);
  }
}
