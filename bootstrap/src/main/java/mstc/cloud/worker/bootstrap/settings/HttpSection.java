package mstc.cloud.worker.bootstrap.settings;

import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.HOST;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.LISTENING_PORT;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.READABLE_FILE;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.SECRET;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.SWITCH;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.duration;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.wholeNumber;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import mstc.cloud.worker.adapters.http.HttpSettings;
import mstc.cloud.worker.adapters.http.HttpSettings.Limits;
import mstc.cloud.worker.adapters.http.HttpSettings.TlsFiles;
import mstc.cloud.worker.application.view.RecentJobs;
import mstc.cloud.worker.bootstrap.configuration.ConfigurationValues;
import mstc.cloud.worker.bootstrap.configuration.Key;
import mstc.cloud.worker.bootstrap.configuration.Secret;
import mstc.cloud.worker.bootstrap.configuration.Section;

/** The keys {@code mstc.http.*}: where the HTTP API listens, who may run work, its limits. */
public final class HttpSection extends Section {
  private static final int MAX_CONNECTIONS = 100_000;
  private static final int LEAST_HEADER_BYTES = 1024;
  private static final int MAX_HEADER_BYTES = 1024 * 1024;
  private static final Duration LEAST_TIME = Duration.ofSeconds(1);
  private static final Duration MAX_TIME = Duration.ofHours(1);
  private static final int MAX_RECENT_JOBS = 100_000;
  private static final Duration MAX_RECENT_TIME = Duration.ofDays(30);

  private final Key<Boolean> enabled =
      key("mstc.http.enabled", SWITCH, true).meaning("Whether the HTTP API is served.");
  private final Key<String> host =
      key("mstc.http.host", HOST, "127.0.0.1").meaning("The address that the HTTP API listens on.");
  private final Key<Integer> port =
      key("mstc.http.port", LISTENING_PORT, 8080)
          .meaning("The HTTP API's port; 0 takes any free one.");
  private final Key<Secret> token =
      key("mstc.http.token", SECRET)
          .withDerivedDefault("none: then work is run over HTTP from this machine only")
          .meaning(
              "What clients send as a bearer token to run and see work, from wherever they are.");
  private final Key<Path> certificate =
      key("mstc.http.tls.certificate", READABLE_FILE)
          .withDerivedDefault("none: then the HTTP API is served without TLS")
          .meaning("A PEM file with the server's certificate, and those of its authorities.");
  private final Key<Path> privateKey =
      key("mstc.http.tls.key", READABLE_FILE)
          .withDerivedDefault("none")
          .meaning(
              "A PEM file with its key, in PKCS #8, together with the certificate or not at all.");
  private final Key<Integer> maxConnections =
      key(
              "mstc.http.max-connections",
              wholeNumber(1, MAX_CONNECTIONS),
              Limits.DEFAULT.connections())
          .meaning("HTTP connections open at once; beyond, one without a request gives way.");
  private final Key<Integer> maxConnectionsPerAddress =
      key(
              "mstc.http.max-connections-per-address",
              wholeNumber(1, MAX_CONNECTIONS),
              Limits.DEFAULT.connectionsPerAddress())
          .meaning("Of these, from one address, which may be that of a proxy; at most all.");
  private final Key<Integer> maxHeaderBytes =
      key(
              "mstc.http.max-header-bytes",
              wholeNumber(LEAST_HEADER_BYTES, MAX_HEADER_BYTES),
              Limits.DEFAULT.headerBytes())
          .meaning("Bytes of an HTTP request's first line and headers.");
  private final Key<Duration> arrivalTimeout =
      key("mstc.http.arrival-timeout", duration(LEAST_TIME, MAX_TIME), Limits.DEFAULT.arrival())
          .meaning("How long an HTTP request may take to arrive, from its first byte to its last.");
  private final Key<Duration> idleTimeout =
      key("mstc.http.idle-timeout", duration(LEAST_TIME, MAX_TIME), Limits.DEFAULT.idle())
          .meaning("How long an HTTP connection stays open for another request.");
  private final Key<Integer> maxStreams =
      key("mstc.http.max-streams", wholeNumber(1, MAX_CONNECTIONS), Limits.DEFAULT.streams())
          .meaning("Logs and events that are streamed over HTTP at once.");
  private final Key<Integer> recentJobs =
      key("mstc.http.recent-jobs", wholeNumber(0, MAX_RECENT_JOBS), RecentJobs.DEFAULT.number())
          .meaning("How many jobs are still listed over HTTP after they have ended, the latest.");
  private final Key<Duration> recentTime =
      key("mstc.http.recent-time", duration(LEAST_TIME, MAX_RECENT_TIME), RecentJobs.DEFAULT.time())
          .meaning("How long jobs are still listed over HTTP after they have ended.");

  /** The HTTP adapter's settings; empty if it is switched off. */
  public Optional<HttpSettings> read(ConfigurationValues values) {
    HttpSettings settings =
        new HttpSettings(
            values.value(host),
            values.value(port),
            values.optional(token).map(Secret::value),
            tls(values),
            limits(values),
            new RecentJobs(values.value(recentJobs), values.value(recentTime)));
    return values.value(enabled) ? Optional.of(settings) : Optional.empty();
  }

  private Optional<TlsFiles> tls(ConfigurationValues values) {
    boolean certificateGiven = values.isGiven(certificate);
    if (certificateGiven != values.isGiven(privateKey)) {
      values.problem(
          "%s must be given together with %s, or neither of them"
              .formatted(
                  values.nameWithOrigin(certificateGiven ? certificate : privateKey),
                  (certificateGiven ? privateKey : certificate).name()));
    }
    return values
        .optional(certificate)
        .flatMap(chain -> values.optional(privateKey).map(key -> new TlsFiles(chain, key)));
  }

  private Limits limits(ConfigurationValues values) {
    int all = values.value(maxConnections);
    int perAddress = values.value(maxConnectionsPerAddress);
    if (perAddress > all && values.isGiven(maxConnectionsPerAddress)) {
      values.problem(
          "%s must be at most %s (%d), but is %d"
              .formatted(
                  values.nameWithOrigin(maxConnectionsPerAddress),
                  maxConnections.name(),
                  all,
                  perAddress));
    }
    return new Limits(
        all,
        Math.min(perAddress, all),
        values.value(maxHeaderBytes),
        values.value(arrivalTimeout),
        values.value(idleTimeout),
        values.value(maxStreams));
  }
}
