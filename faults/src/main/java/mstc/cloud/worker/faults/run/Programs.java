package mstc.cloud.worker.faults.run;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import mstc.cloud.worker.faults.service.FaultsException;

/** The servers that a run starts, as found on this machine. */
record Programs(Path rabbitmq, Path minio, Path toxiproxy) {
  /** The first is Debian's. It comes before the one in PATH, which has to run as its own user. */
  private static final List<String> RABBITMQ_FOLDERS =
      List.of("/usr/lib/rabbitmq/bin", "/opt/homebrew/sbin");

  private static final Pattern FOLDERS = Pattern.compile(Pattern.quote(File.pathSeparator));

  /**
   * Finds them all.
   *
   * @param environment of this process
   * @throws FaultsException that names everything that is missing
   */
  static Programs find(Map<String, String> environment) {
    List<String> path =
        FOLDERS
            .splitAsStream(environment.getOrDefault("PATH", ""))
            .filter(f -> !f.isEmpty())
            .toList();
    Optional<Path> rabbitmq =
        find("rabbitmq-server", Stream.concat(RABBITMQ_FOLDERS.stream(), path.stream()).toList());
    Optional<Path> minio = find("minio", path);
    Optional<Path> toxiproxy = find("toxiproxy-server", path);
    List<String> missing = new ArrayList<>();
    if (rabbitmq.isEmpty()) {
      missing.add("rabbitmq-server (the package of that name)");
    }
    if (minio.isEmpty()) {
      missing.add("minio (the server, from https://min.io)");
    }
    if (toxiproxy.isEmpty()) {
      missing.add("toxiproxy-server (from https://github.com/Shopify/toxiproxy)");
    }
    if (!environment.containsKey("KUBECONFIG")) {
      missing.add("KUBECONFIG, naming a cluster in which namespaces may be created");
    }
    if (!missing.isEmpty()) {
      throw new FaultsException(
          "missing in PATH or the environment: " + String.join("; ", missing));
    }
    return new Programs(rabbitmq.orElseThrow(), minio.orElseThrow(), toxiproxy.orElseThrow());
  }

  private static Optional<Path> find(String program, List<String> folders) {
    return folders.stream()
        .map(folder -> Path.of(folder, program))
        .filter(Files::isExecutable)
        .findFirst();
  }
}
