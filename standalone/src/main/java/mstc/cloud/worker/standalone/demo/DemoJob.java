package mstc.cloud.worker.standalone.demo;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.StringReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import mstc.cloud.worker.adapters.minio.MinioObjectStore;
import mstc.cloud.worker.adapters.minio.MinioSettings;
import mstc.cloud.worker.domain.request.JobVariables;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectAttributes;
import mstc.cloud.worker.domain.store.ObjectLocation;
import mstc.cloud.worker.domain.store.ObjectStore;

/**
 * What the image {@code mstc/demo} runs: a small simulation that does what every job does. It
 * downloads its inputs from {@code INPUT_BUCKET}, works, reports progress on its standard output,
 * and uploads its result to {@code OUTPUT_BUCKET}.
 */
public final class DemoJob {
  static final String ROD = "rod.csv";
  static final String SOLVER = "solver.properties";

  /** The objects that the job needs in its input bucket; resources of this class. */
  public static final List<String> INPUTS = List.of(ROD, SOLVER);

  /** What the name of the job's result ends with. */
  public static final String RESULT = "temperature.csv";

  private final ObjectStore store;
  private final BucketName input;
  private final BucketName output;
  private final Optional<String> prefix;
  private final PrintStream log;

  /**
   * @param environment what the worker tells a job
   */
  DemoJob(ObjectStore store, Map<String, String> environment, PrintStream log) {
    this.store = store;
    this.input = new BucketName(required(environment, JobVariables.INPUT_BUCKET));
    this.output = new BucketName(required(environment, JobVariables.OUTPUT_BUCKET));
    this.prefix = Optional.ofNullable(environment.get(JobVariables.FILE_PREFIX));
    this.log = log;
  }

  /** Runs the job in the current folder, by its environment variables. */
  public static void main(String[] arguments) throws IOException {
    Map<String, String> environment = System.getenv();
    MinioSettings settings =
        MinioSettings.of(
            URI.create(
                "http://%s:%s"
                    .formatted(
                        required(environment, JobVariables.MINIO_HOST),
                        required(environment, JobVariables.MINIO_PORT))),
            required(environment, JobVariables.MINIO_USER),
            required(environment, JobVariables.MINIO_PASSWORD));
    PrintStream log = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    try (ObjectStore store = new MinioObjectStore(settings)) {
      new DemoJob(store, environment, log).run(Path.of(""));
    }
  }

  private static String required(Map<String, String> environment, String name) {
    String value = environment.get(name);
    if (value == null) {
      throw new IllegalStateException(name + " is not set: this runs as a job of the worker");
    }
    return value;
  }

  /** Runs the simulation, with a folder to write the result to before it is uploaded. */
  void run(Path folder) throws IOException {
    List<String> rod = read(ROD).lines().skip(1).toList();
    Properties solver = new Properties();
    solver.load(new StringReader(read(SOLVER)));
    double[] positions = column(rod, 0);
    double[] temperatures = column(rod, 1);
    double dx = positions[1] - positions[0];
    double dt = number(solver, "time_step_s");
    int steps = (int) number(solver, "steps");
    double fourierNumber = number(solver, "diffusivity_m2_per_s") * dt / (dx * dx);
    log.printf(
        Locale.ROOT,
        "heat equation: %d points, %d steps of %.3f s, Fourier number %.3f%n",
        positions.length,
        steps,
        dt,
        fourierNumber);
    double[] result =
        new HeatEquation(fourierNumber)
            .solve(
                temperatures, steps, percent -> log.printf(Locale.ROOT, "solved %d %%%n", percent));
    log.printf(
        Locale.ROOT,
        "after %.0f s the rod has %.1f to %.1f °C%n",
        steps * dt,
        Arrays.stream(result).min().orElseThrow(),
        Arrays.stream(result).max().orElseThrow());
    upload(positions, result, folder);
  }

  private String read(String object) throws IOException {
    ObjectLocation location = new ObjectLocation(input, object);
    InputStream content =
        store
            .read(location)
            .orElseThrow(() -> new IllegalStateException("input " + location + " is missing"));
    try (BufferedReader reader =
        new BufferedReader(new InputStreamReader(content, StandardCharsets.UTF_8))) {
      String text = reader.readAllAsString();
      log.printf(Locale.ROOT, "downloaded %s: %d characters%n", location, text.length());
      return text;
    }
  }

  private void upload(double[] positions, double[] temperatures, Path folder) throws IOException {
    Path file = folder.resolve(RESULT);
    Stream<String> lines =
        IntStream.range(0, positions.length)
            .mapToObj(i -> String.format(Locale.ROOT, "%.4f,%.4f", positions[i], temperatures[i]));
    Files.write(file, Stream.concat(Stream.of("position_m,temperature_c"), lines).toList());
    ObjectLocation location =
        new ObjectLocation(output, prefix.map(text -> text + "-" + RESULT).orElse(RESULT));
    store.put(location, file, ObjectAttributes.ofType("text/csv"));
    log.printf(Locale.ROOT, "uploaded %s: %d bytes%n", location, Files.size(file));
  }

  private static double[] column(List<String> lines, int index) {
    return lines.stream()
        .mapToDouble(line -> Double.parseDouble(line.split(",", -1)[index]))
        .toArray();
  }

  private static double number(Properties properties, String name) {
    String value = properties.getProperty(name);
    if (value == null) {
      throw new IllegalStateException(SOLVER + " lacks " + name);
    }
    return Double.parseDouble(value);
  }
}
