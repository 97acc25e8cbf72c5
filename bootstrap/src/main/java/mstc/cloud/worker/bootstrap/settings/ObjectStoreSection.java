package mstc.cloud.worker.bootstrap.settings;

import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.ENDPOINT;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.HOST;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.PORT;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.PUBLIC_ENDPOINT;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.READABLE_FILE;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.SECRET;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.SWITCH;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.TEXT;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.oneOf;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.text;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import mstc.cloud.worker.adapters.minio.MinioSettings;
import mstc.cloud.worker.adapters.s3.S3Settings;
import mstc.cloud.worker.bootstrap.configuration.ConfigurationValues;
import mstc.cloud.worker.bootstrap.configuration.Key;
import mstc.cloud.worker.bootstrap.configuration.Secret;
import mstc.cloud.worker.bootstrap.configuration.Section;

/** The keys {@code mstc.object-store.*}: which object store, and how to reach it. */
public final class ObjectStoreSection extends Section {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(60);

  /** Each of these is credentials, or leads to them, and the AWS SDK finds it by itself. */
  private static final List<String> AWS_CREDENTIAL_VARIABLES =
      List.of(
          "AWS_ACCESS_KEY_ID",
          "AWS_PROFILE",
          "AWS_WEB_IDENTITY_TOKEN_FILE",
          "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
          "AWS_CONTAINER_CREDENTIALS_FULL_URI");

  private enum Type {
    MINIO,
    S3
  }

  private final Key<Type> type =
      key("mstc.object-store.type", oneOf(Type.class), Type.MINIO)
          .meaning("Which client reaches the object store: MinIO's or the AWS SDK.");
  private final Key<Boolean> createBuckets =
      key("mstc.object-store.create-buckets", SWITCH, true)
          .meaning("Whether a missing output bucket is created.");
  private final Key<String> region =
      key(
              "mstc.object-store.region",
              text(
                  "a region such as eu-central-1",
                  value -> value.length() <= 63 && value.matches("[A-Za-z0-9-]+")))
          .withDerivedDefault("as the store's client finds it")
          .meaning("The region that requests are signed for and buckets are created in.");
  private final Key<URI> publicEndpoint =
      key("mstc.object-store.public-endpoint", PUBLIC_ENDPOINT)
          .withDerivedDefault("none: then outputs are listed over HTTP without links")
          .meaning("Where browsers reach the object store; links to outputs lead there.");
  private final Key<String> minioHost =
      key("mstc.object-store.minio.host", HOST, "localhost")
          .readBeforeFrom("MINIO_SERVICE_HOST")
          .meaning("MinIO's host.");
  private final Key<Integer> minioPort =
      key("mstc.object-store.minio.port", PORT, 9000)
          .readBeforeFrom("MINIO_SERVICE_PORT")
          .meaning("MinIO's API port.");
  private final Key<Boolean> minioTls =
      key("mstc.object-store.minio.tls.enabled", SWITCH, false)
          .meaning("Whether MinIO is reached by https.");
  private final Key<Path> minioCaCertificate =
      key("mstc.object-store.minio.tls.ca-certificate", READABLE_FILE)
          .withDerivedDefault("those the JDK trusts")
          .meaning("A PEM file of the authorities to trust for MinIO.");
  private final Key<String> minioAccessKey =
      key("mstc.object-store.minio.access-key", TEXT, "minioadmin")
          .readBeforeFrom("MINIO_ROOT_USER")
          .meaning("The access key (user) at MinIO.");
  private final Key<Secret> minioSecretKey =
      key("mstc.object-store.minio.secret-key", SECRET, new Secret("minioadmin"))
          .readBeforeFrom("MINIO_ROOT_PASSWORD")
          .meaning("That access key's secret.");
  private final Key<Boolean> minioChecksumHeaders =
      key("mstc.object-store.minio.checksum-headers", SWITCH, true)
          .meaning("Whether uploads carry x-amz-checksum headers; if not, they carry Content-MD5.");
  private final Key<URI> s3Endpoint =
      key("mstc.object-store.s3.endpoint", ENDPOINT)
          .withDerivedDefault("Amazon's")
          .meaning("The URL of a server that speaks S3, where it is not Amazon's.");
  private final Key<Boolean> s3PathStyle =
      key("mstc.object-store.s3.path-style", SWITCH)
          .withDerivedDefault("true with an endpoint, else false")
          .meaning("Whether the bucket is part of the URL's path rather than of its host.");
  private final Key<String> s3AccessKey =
      key("mstc.object-store.s3.access-key", TEXT)
          .withDerivedDefault(
              "with an endpoint MinIO's if given and no AWS_* credentials are, else as the AWS SDK"
                  + " finds it")
          .meaning("The access key at S3, together with its secret or not at all.");
  private final Key<Secret> s3SecretKey =
      key("mstc.object-store.s3.secret-key", SECRET)
          .withDerivedDefault("as for the access key")
          .meaning("That access key's secret.");
  private final Key<Path> s3CaCertificate =
      key("mstc.object-store.s3.tls.ca-certificate", READABLE_FILE)
          .withDerivedDefault("those the JDK trusts")
          .meaning("A PEM file of the authorities to trust for an https endpoint.");

  /** The settings of the chosen store's adapter. */
  public StoreSettings read(ConfigurationValues values) {
    Stream.of(minioSecretKey, s3SecretKey).forEach(values::warnOfBlankEnds);
    StoreSettings.Minio minio = new StoreSettings.Minio(minio(values));
    StoreSettings.S3 s3 = new StoreSettings.S3(s3(values));
    return switch (values.value(type)) {
      case MINIO -> minio;
      case S3 -> s3;
    };
  }

  private MinioSettings minio(ConfigurationValues values) {
    Optional<Path> authorities = values.optionalWith(minioTls, minioCaCertificate);
    return new MinioSettings(
        StoreAddress.url(
            values.value(minioTls) ? "https" : "http",
            values.value(minioHost),
            values.value(minioPort)),
        values.value(minioAccessKey),
        values.value(minioSecretKey).value(),
        values.optional(region),
        values.value(createBuckets),
        values.value(minioChecksumHeaders),
        CONNECT_TIMEOUT,
        REQUEST_TIMEOUT,
        authorities,
        values.optional(publicEndpoint));
  }

  private S3Settings s3(ConfigurationValues values) {
    Optional<URI> endpoint = values.optional(s3Endpoint);
    return new S3Settings(
        endpoint,
        values.optional(region),
        s3Credentials(values),
        values.valueOr(s3PathStyle, endpoint.isPresent()),
        values.value(createBuckets),
        CONNECT_TIMEOUT,
        REQUEST_TIMEOUT,
        values.optional(s3CaCertificate),
        values.optional(publicEndpoint));
  }

  /**
   * A worker that reached its server through MinIO's client keeps its keys when only the type and
   * the endpoint change. That excludes MinIO's default keys, and Amazon's own endpoints, for which
   * these keys were never meant.
   */
  private Optional<S3Settings.Keys> s3Credentials(ConfigurationValues values) {
    boolean accessKeyGiven = values.isGiven(s3AccessKey);
    boolean secretKeyGiven = values.isGiven(s3SecretKey);
    if (accessKeyGiven != secretKeyGiven) {
      Key<?> given = accessKeyGiven ? s3AccessKey : s3SecretKey;
      Key<?> missing = accessKeyGiven ? s3SecretKey : s3AccessKey;
      values.problem(
          "%s must be given together with %s, or neither of them"
              .formatted(values.nameWithOrigin(given), missing.name()));
    }
    boolean takesMinios =
        values.value(type) == Type.S3
            && values.optional(s3Endpoint).isPresent()
            && !accessKeyGiven
            && !secretKeyGiven
            && Stream.of(minioAccessKey, minioSecretKey).anyMatch(values::isGiven)
            && AWS_CREDENTIAL_VARIABLES.stream().allMatch(name -> values.variable(name).isEmpty());
    if (takesMinios) {
      return Optional.of(
          new S3Settings.Keys(
              values.borrowed(s3AccessKey, minioAccessKey),
              values.borrowed(s3SecretKey, minioSecretKey).value()));
    }
    return values
        .optional(s3AccessKey)
        .flatMap(access ->
            values
                .optional(s3SecretKey)
                .map(secret -> new S3Settings.Keys(access, secret.value())));
  }
}
