package mstc.cloud.worker.adapters.local;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import mstc.cloud.worker.adapters.local.LocalSettings.CatalogueEntry;
import mstc.cloud.worker.domain.diagnosis.Check;
import mstc.cloud.worker.domain.diagnosis.Finding;
import org.jspecify.annotations.Nullable;

/** Whether there are the programs that stand in for images. */
final class ProgramChecks {
  private static final String KEY = "mstc.runtime.local.catalogue";

  private final LocalSettings settings;
  private final List<Path> folders;

  /**
   * @param searched where programs are found by their names, as in the variable {@code PATH}
   */
  ProgramChecks(LocalSettings settings, @Nullable String searched) {
    this.settings = settings;
    this.folders =
        Stream.ofNullable(searched)
            .flatMap(Pattern.compile(Pattern.quote(File.pathSeparator))::splitAsStream)
            .filter(folder -> !folder.isEmpty())
            .map(Path::of)
            .toList();
  }

  List<Check> all() {
    return settings.catalogue().isEmpty()
        ? List.of(
            new Check(
                "local programs",
                "look at " + KEY,
                () ->
                    new Finding.Skipped(
                        "it has no entry, so there are only the images that the program brings")))
        : settings.catalogue().stream().map(this::check).toList();
  }

  private Check check(CatalogueEntry entry) {
    String program = entry.command().getFirst();
    return new Check(
        "local program for " + entry.image(), "find " + program, () -> look(entry, program));
  }

  private Finding look(CatalogueEntry entry, String program) {
    boolean found =
        (program.contains("/") || program.contains(File.separator))
            ? isProgram(Path.of(program))
            : folders.stream().anyMatch(folder -> isProgram(folder.resolve(program)));
    return found
        ? new Finding.Passed()
        : new Finding.Failed(
            "there is no program " + program + " that this user may run",
            "install it, or correct the entry for %s in %s".formatted(entry.image(), KEY));
  }

  /** Windows needs no {@code .exe} behind a program's name. */
  private static boolean isProgram(Path file) {
    return Stream.of(file, file.resolveSibling(file.getFileName() + ".exe"))
        .anyMatch(candidate -> Files.isRegularFile(candidate) && Files.isExecutable(candidate));
  }
}
