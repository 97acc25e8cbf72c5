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
import java.util.regex.Pattern;
import mstc.cloud.worker.domain.PrintableText;
import mstc.cloud.worker.domain.request.Glob;
import mstc.cloud.worker.domain.request.ImageReference;

/**
 * The settings of the local runtime.
 *
 * @param root the folder that contains a folder per job; created when missing, used by one worker
 *     at a time, and on a disk of this machine
 * @param catalogue what stands in for which image; the first entry that matches counts
 * @param retention how long an answered job's folder is kept
 * @param environment given to every job, such as where the object store is and its credentials
 * @param inheritedVariables names of variables that every job gets from the worker's environment
 * @param grace how long a job's processes that were asked to terminate may take before they are
 *     killed
 * @param logBytes the most that one job's log may have; it is cut once the job has ended, and a
 *     line says so. Empty for no limit
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

  /** What programs need in order to be found and to run, on Unix and on Windows; no secrets. */
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

  /** The same settings with another catalogue. */
  public LocalSettings withCatalogue(List<CatalogueEntry> other) {
    return new LocalSettings(
        root, other, retention, environment, inheritedVariables, grace, logBytes);
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

  /** What stands in for an image; empty if the catalogue has nothing. */
  Optional<CatalogueEntry> entryFor(ImageReference image) {
    return catalogue.stream().filter(entry -> entry.matches(image)).findFirst();
  }

  /** Without the values of the environment, as they include credentials. */
  @Override
  public String toString() {
    Map<String, String> masked = new TreeMap<>(environment);
    masked.replaceAll((name, value) -> "***");
    return "LocalSettings[root=%s, catalogue=%s, retention=%s, environment=%s, inherited=%s, grace=%s, logBytes=%s]"
        .formatted(root, catalogue, retention, masked, inheritedVariables, grace, logBytes);
  }

  /**
   * A program of this machine that stands in for images.
   *
   * @param image a whole image reference in which {@code *} stands for any number of characters,
   *     and {@code ?} for exactly one
   * @param command a program, by its absolute path or a name on the worker's {@code PATH}, and its
   *     first arguments; a request's arguments follow, so an interpreter needs its program here
   * @param env the environment variables that a request may set, by name or, as in {@code FOAM_*},
   *     by what the name begins with. Whatever a loader, a shell or a language reads, such as
   *     {@code LD_PRELOAD}, chooses the program, so only what is listed may be set
   */
  public record CatalogueEntry(String image, List<String> command, List<String> env) {
    private static final Pattern VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*\\*?");

    public CatalogueEntry {
      command = List.copyOf(command);
      env = List.copyOf(env);
      if (image.isBlank()) {
        throw new IllegalArgumentException("an entry of the catalogue has no image");
      }
      if (command.isEmpty() || command.getFirst().isBlank()) {
        throw new IllegalArgumentException(
            "the catalogue's entry for \"" + image + "\" has no command");
      }
      for (String variable : env) {
        if (!isVariable(variable)) {
          throw new IllegalArgumentException(
              "the catalogue's entry for \"%s\" allows the variable %s, which must be a name or, as"
                      .formatted(image, PrintableText.quote(variable))
                  + " in FOAM_*, what names begin with");
        }
      }
    }

    /** A program to which requests pass no variables. */
    public CatalogueEntry(String image, List<String> command) {
      this(image, command, List.of());
    }

    /** Whether it may be an element of {@link #env}. */
    public static boolean isVariable(String text) {
      return VARIABLE.matcher(text).matches();
    }

    boolean matches(ImageReference reference) {
      return new Glob(image).matches(reference.value());
    }

    /** Why a request's variables are not allowed, as one line; empty if all of them are. */
    Optional<String> refusal(Set<String> variables) {
      List<String> others =
          variables.stream().filter(name -> !allows(name)).map(PrintableText::quote).toList();
      return others.isEmpty()
          ? Optional.empty()
          : Optional.of(
              "env %s must not be set: for this image mstc.runtime.local.catalogue allows %s"
                  .formatted(
                      String.join(", ", others),
                      env.isEmpty() ? "no variables" : String.join(", ", env)));
    }

    private boolean allows(String name) {
      return env.stream().anyMatch(allowed -> new Glob(allowed).matches(name));
    }
  }
}
