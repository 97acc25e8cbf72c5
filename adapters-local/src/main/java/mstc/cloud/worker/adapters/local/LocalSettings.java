package mstc.cloud.worker.adapters.local;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import mstc.cloud.worker.domain.request.Glob;
import mstc.cloud.worker.domain.request.ImageReference;

/**
 * What the local runtime is told.
 *
 * @param root the folder that holds a folder per job; created when missing, used by one worker at a
 *     time, and to be on a disk of this machine
 * @param catalogue what runs in place of which image; the first entry that matches counts
 * @param retention how long an answered job's folder is kept
 * @param environment given to every job, such as where the object store is and its credentials
 * @param inheritedVariables names of variables that every job gets as the worker has them
 * @param grace how long a job's processes that were asked to terminate may take before they are
 *     killed
 * @param logBytes the most that one job's log may have; it is cut once the job has ended, and said
 *     to be. Empty where it may have any
 */
public record LocalSettings(
    Path root,
    List<CatalogueEntry> catalogue,
    Duration retention,
    Map<String, String> environment,
    Set<String> inheritedVariables,
    Duration grace,
    OptionalLong logBytes) {

  /** As long as Kubernetes keeps an answered Job of this worker. */
  public static final Duration DEFAULT_RETENTION = Duration.ofSeconds(30);

  /** Time to save a state, and short enough for a service manager that stops the worker. */
  public static final Duration DEFAULT_GRACE = Duration.ofSeconds(10);

  /** What programs need to be found and to run, on Unix and on Windows, and no secrets. */
  public static final Set<String> DEFAULT_INHERITED_VARIABLES =
      Set.of(
          "PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "SystemRoot", "TEMP", "TMP", "PATHEXT");

  public LocalSettings {
    catalogue = List.copyOf(catalogue);
    environment = Collections.unmodifiableSortedMap(new TreeMap<>(environment));
    inheritedVariables = Collections.unmodifiableSortedSet(new TreeSet<>(inheritedVariables));
    environment.forEach(LocalSettings::requireVariable);
    requireNotNegative("retention", retention);
    requireNotNegative("grace", grace);
  }

  /** With the default retention, grace and inherited variables, and logs of any size. */
  public LocalSettings(Path root, List<CatalogueEntry> catalogue, Map<String, String> environment) {
    this(
        root,
        catalogue,
        DEFAULT_RETENTION,
        environment,
        DEFAULT_INHERITED_VARIABLES,
        DEFAULT_GRACE,
        OptionalLong.empty());
  }

  private static void requireVariable(String name, String value) {
    if (name.isEmpty() || name.indexOf('=') >= 0 || (name + value).indexOf('\0') >= 0) {
      throw new IllegalArgumentException(
          "\"" + name + "\" cannot be an environment variable, or what it holds cannot");
    }
  }

  private static void requireNotNegative(String name, Duration value) {
    if (value.isNegative()) {
      throw new IllegalArgumentException(name + " must not be negative, it is " + value);
    }
  }

  /**
   * The words of the program that runs in place of an image; empty where the catalogue has none.
   */
  Optional<List<String>> commandFor(ImageReference image) {
    return catalogue.stream()
        .filter(entry -> entry.matches(image))
        .map(CatalogueEntry::command)
        .findFirst();
  }

  /** Without the values of the environment: credentials are among them. */
  @Override
  public String toString() {
    Map<String, String> masked = new TreeMap<>(environment);
    masked.replaceAll((name, value) -> "***");
    return "LocalSettings[root=%s, catalogue=%s, retention=%s, environment=%s, inherited=%s, grace=%s, logBytes=%s]"
        .formatted(root, catalogue, retention, masked, inheritedVariables, grace, logBytes);
  }

  /**
   * A program of this machine that runs in place of images.
   *
   * @param image a whole image reference in which {@code *} stands for any characters, or none, and
   *     {@code ?} for any one
   * @param command a program, by its absolute path or a name on the worker's {@code PATH}, and its
   *     first arguments; a request's arguments follow
   */
  public record CatalogueEntry(String image, List<String> command) {
    public CatalogueEntry {
      command = List.copyOf(command);
      if (image.isBlank()) {
        throw new IllegalArgumentException("an entry of the catalogue has no image");
      }
      if (command.isEmpty() || command.getFirst().isBlank()) {
        throw new IllegalArgumentException(
            "the catalogue's entry for \"" + image + "\" has no command");
      }
    }

    boolean matches(ImageReference reference) {
      return new Glob(image).matches(reference.value());
    }
  }
}
