import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Completes the folder that the image is made of: a Java runtime of the modules that are used, the
 * options that the worker starts with, and an ahead-of-time cache of its classes, for which the
 * worker is started once. The cache holds for this very runtime and these very jars, down to their
 * times, which is why the image brings its own runtime and why every jar gets the time that Jib gives.
 *
 * <p>Maven's profile {@code image} runs it with the JDK that compiles: {@code java Assemble.java
 * FOLDER JAR}, where FOLDER/app/libs holds the libraries and JAR is the program's own.
 */
final class Assemble {
  /** What the worker and its libraries use; jdk.jcmd and jdk.jfr are for those who look after it. */
  private static final String MODULES =
      "java.compiler,java.desktop,java.instrument,java.logging,java.management,java.naming,"
          + "java.net.http,java.scripting,java.security.jgss,java.sql,java.xml,jdk.crypto.ec,"
          + "jdk.jcmd,jdk.jfr,jdk.management,jdk.net,jdk.unsupported";

  private static final String MAIN = "mstc.cloud.worker.bootstrap.Main";
  private static final String CACHE = "worker.aot";

  /** Of every file in an image that Jib makes. */
  private static final FileTime TIME = FileTime.from(1, TimeUnit.SECONDS);

  private static final Pattern LISTENING = Pattern.compile("HTTP listens on (\\S+)");
  private static final int START_SECONDS = 120;

  private Assemble() {}

  public static void main(String[] arguments) throws IOException, InterruptedException {
    if (!System.getProperty("os.name").equals("Linux")) {
      throw new IllegalStateException(
          "The image brings this machine's Java, which is not for Linux; use docker build");
    }
    Path folder = Path.of(arguments[0]).toAbsolutePath();
    Path jar = Path.of(arguments[1]);
    Path app = folder.resolve("app");
    Path runtime = folder.resolve("opt/java");

    Path own = Files.createDirectories(app.resolve("classpath")).resolve(jar.getFileName());
    Files.copy(jar, own);
    List<Path> jars = new ArrayList<>(List.of(own));
    try (Stream<Path> libraries = Files.list(app.resolve("libs"))) {
      libraries.sorted().forEach(jars::add);
    }
    for (Path file : jars) {
      Files.setLastModifiedTime(file, TIME);
    }

    run(
        Path.of(System.getProperty("java.home"), "bin/jlink").toString(),
        "--add-modules",
        MODULES,
        // Not --strip-debug: it wants binutils, and native libraries come without their symbols anyway.
        "--strip-java-debug-attributes",
        "--no-header-files",
        "--no-man-pages",
        "--output",
        runtime.toString());
    writeCache(folder, runtime, jars);

    List<String> options = new ArrayList<>();
    options.add("-XX:AOTCache=/app/" + CACHE);
    options.addAll(options());
    options.add("-cp");
    options.add(classpath(jars.stream().map(file -> Path.of("/").resolve(folder.relativize(file)))));
    Files.write(app.resolve("worker.args"), options);
  }

  /** In force whenever the worker starts; JAVA_TOOL_OPTIONS adds to them. */
  private static List<String> options() {
    return List.of(
        "-XX:+UseSerialGC",
        "-XX:MaxRAMPercentage=60",
        "-XX:+ExitOnOutOfMemoryError",
        "--enable-native-access=ALL-UNNAMED");
  }

  /** Starts the worker where it reaches no service, until it says so, and stops it. */
  private static void writeCache(Path folder, Path runtime, List<Path> jars)
      throws IOException, InterruptedException {
    Path cache = folder.resolve("app").resolve(CACHE);
    Path scratch = Files.createTempDirectory("mstc-image");
    Path kubeconfig = scratch.resolve("kubeconfig");
    Files.writeString(
        kubeconfig,
        """
        apiVersion: v1
        kind: Config
        current-context: none
        clusters: [{name: none, cluster: {server: "https://127.0.0.1:1"}}]
        contexts: [{name: none, context: {cluster: none, user: none}}]
        users: [{name: none, user: {token: none}}]
        """);
    List<String> command = new ArrayList<>();
    command.add(runtime.resolve("bin/java").toString());
    command.add("-XX:AOTCacheOutput=" + cache);
    command.addAll(options());
    command.addAll(List.of("-cp", classpath(jars.stream()), MAIN, "worker"));
    for (String setting :
        List.of(
            "work-queue.port=1",
            "object-store.minio.port=1",
            "runtime.kubernetes.kubeconfig=" + kubeconfig,
            "scratch-dir=" + scratch,
            "http.port=0")) {
      command.addAll(List.of("--set", "mstc." + setting));
    }
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().keySet().removeIf(Assemble::isConfiguration);
    Process worker = builder.start();
    StringBuilder output = new StringBuilder();
    try {
      Thread.ofVirtual()
          .start(
              () -> {
                try {
                  if (!worker.waitFor(START_SECONDS, TimeUnit.SECONDS)) {
                    worker.destroyForcibly();
                  }
                } catch (InterruptedException e) {
                  worker.destroyForcibly();
                }
              });
      BufferedReader lines = worker.inputReader();
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        output.append(line).append('\n');
        Matcher listening = LISTENING.matcher(line);
        if (listening.find()) {
          expectNotReady(URI.create("http://" + listening.group(1) + "/health/ready"));
          // Process.destroy would close the output that is still to be read.
          worker.toHandle().destroy();
        }
      }
      worker.waitFor();
    } finally {
      worker.destroyForcibly();
      deleteAll(scratch);
    }
    if (!Files.exists(cache)) {
      throw new IOException("The worker wrote no " + cache + ":\n" + output);
    }
  }

  private static boolean isConfiguration(String variable) {
    return Stream.of("MSTC_", "WORK_QUEUE_", "MINIO_", "SCRATCH_DIR", "JAVA_TOOL_OPTIONS")
        .anyMatch(variable::startsWith);
  }

  /** Asking makes the worker try the store, the queue and the cluster. */
  private static void expectNotReady(URI ready) throws IOException, InterruptedException {
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpResponse<String> response =
          client.send(
              HttpRequest.newBuilder(ready).build(), HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() != 503) {
        throw new IOException(ready + ": " + response.statusCode() + " " + response.body());
      }
    }
  }

  private static String classpath(Stream<Path> jars) {
    return jars.map(Path::toString).collect(Collectors.joining(":"));
  }

  private static void run(String... command) throws IOException, InterruptedException {
    int code = new ProcessBuilder(command).inheritIO().start().waitFor();
    if (code != 0) {
      throw new IOException(command[0] + " exited with " + code);
    }
  }

  private static void deleteAll(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path visited, IOException failure)
              throws IOException {
            Files.delete(visited);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
