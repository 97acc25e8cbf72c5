package mstc.cloud.worker.bootstrap.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import mstc.cloud.worker.bootstrap.remote.WorkerApi;
import mstc.cloud.worker.domain.view.JobState;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import tools.jackson.databind.node.ObjectNode;

/** The options that say which jobs are meant; the worker decides which those are. */
final class FilterOptions {
  @Option(
      names = "--state",
      split = ",",
      description = "Only jobs in one of these states: pending, running, ending or ended.")
  private List<JobState> states = List.of();

  @Option(
      names = "--name",
      description = "Only jobs whose unique name contains this, or matches it where it has a *.")
  private @Nullable String name;

  @Option(
      names = "--image",
      description = "Only jobs whose image contains this, or matches it where it has a *.")
  private @Nullable String image;

  @Option(
      names = "--label",
      paramLabel = "KEY[=VALUE]",
      description = "Only jobs with this label; may be repeated for jobs with all of them.")
  private List<String> labels = List.of();

  boolean isEmpty() {
    return states.isEmpty() && name == null && image == null && labels.isEmpty();
  }

  /** As the parts of a query. */
  List<String> query() {
    List<String> parts = new ArrayList<>();
    states.forEach(state -> parts.add("state=" + state.name()));
    Stream.ofNullable(name).forEach(text -> parts.add("name=" + WorkerApi.encoded(text)));
    Stream.ofNullable(image).forEach(text -> parts.add("image=" + WorkerApi.encoded(text)));
    labels.forEach(label -> parts.add("label=" + WorkerApi.encoded(label)));
    return parts;
  }

  /** As the properties of a cancellation. */
  void addTo(ObjectNode cancellation) {
    if (!states.isEmpty()) {
      var array = cancellation.putArray("state");
      states.forEach(state -> array.add(state.name()));
    }
    Stream.ofNullable(name).forEach(text -> cancellation.put("name", text));
    Stream.ofNullable(image).forEach(text -> cancellation.put("image", text));
    if (!labels.isEmpty()) {
      var array = cancellation.putArray("label");
      labels.forEach(array::add);
    }
  }
}
