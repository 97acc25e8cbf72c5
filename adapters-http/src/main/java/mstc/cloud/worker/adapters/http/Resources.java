package mstc.cloud.worker.adapters.http;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What is served, as in the table of {@link HttpApi}. Its operations block, and may be called by
 * any number of threads.
 */
final class Resources {
  private final List<Resource> resources;
  private final StaticFiles files;

  /**
   * @param groups of resources
   * @param files what is served where no resource is
   */
  Resources(List<List<Resource>> groups, StaticFiles files) {
    this.resources = groups.stream().flatMap(List::stream).toList();
    this.files = files;
  }

  /**
   * The resource of a path.
   *
   * @param variable what stands for the part of its path in braces; empty if there is none
   */
  record Found(Resource resource, String variable) {}

  /** Empty if nothing is there. */
  Optional<Found> find(String path) {
    return Stream.concat(
            resources.stream()
                .flatMap(resource ->
                    resource.match(path).map(variable -> new Found(resource, variable)).stream()),
            files.find(path).map(file -> new Found(file, "")).stream())
        .findFirst();
  }

  /** All but the files. */
  List<Resource> all() {
    return resources;
  }
}
