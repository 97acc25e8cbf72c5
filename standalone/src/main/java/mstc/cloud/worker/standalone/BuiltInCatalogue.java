package mstc.cloud.worker.standalone;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import mstc.cloud.worker.adapters.local.LocalSettings;
import mstc.cloud.worker.adapters.local.LocalSettings.CatalogueEntry;
import mstc.cloud.worker.bootstrap.settings.RuntimeSettings;
import mstc.cloud.worker.bootstrap.settings.WorkerConfiguration;
import mstc.cloud.worker.standalone.demo.DemoJob;

/** The images that the standalone worker can run without any configuration. */
final class BuiltInCatalogue {
  /** The demo, on this very JDK. */
  static final String DEMO_IMAGE = "mstc/demo";

  /** The Python client's test job. */
  static final String PYTHON_TEST_IMAGE = "mstc/python-test";

  private static final String PYTHON_TEST_PROGRAM = "main.py";

  private BuiltInCatalogue() {}

  /**
   * The configuration with the built-in images after its own, which have precedence.
   *
   * @param folder where the built-in programs are put
   */
  static WorkerConfiguration addTo(WorkerConfiguration configuration, Path folder)
      throws IOException {
    return switch (configuration.runtime()) {
      case RuntimeSettings.Kubernetes _ -> configuration;
      case RuntimeSettings.Local(LocalSettings local) -> {
        List<CatalogueEntry> catalogue = new ArrayList<>(local.catalogue());
        catalogue.add(new CatalogueEntry(DEMO_IMAGE, demoCommand()));
        catalogue.add(new CatalogueEntry(DEMO_IMAGE + ":*", demoCommand()));
        List<String> python = List.of("python3", unpackPythonTest(folder).toString());
        catalogue.add(new CatalogueEntry(PYTHON_TEST_IMAGE, python));
        catalogue.add(new CatalogueEntry(PYTHON_TEST_IMAGE + ":*", python));
        yield configuration.withRuntime(new RuntimeSettings.Local(local.withCatalogue(catalogue)));
      }
    };
  }

  private static List<String> demoCommand() {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-Xmx64m",
        "-cp",
        System.getProperty("java.class.path"),
        DemoJob.class.getName());
  }

  private static Path unpackPythonTest(Path folder) throws IOException {
    Path program = folder.resolve("programs").resolve(PYTHON_TEST_PROGRAM);
    Files.createDirectories(program.getParent());
    try (InputStream in = BuiltInCatalogue.class.getResourceAsStream(PYTHON_TEST_PROGRAM)) {
      Files.copy(Objects.requireNonNull(in), program, StandardCopyOption.REPLACE_EXISTING);
    }
    return program;
  }
}
