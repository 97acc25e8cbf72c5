package mstc.cloud.worker.adapters.s3;

import java.net.URI;
import java.util.Optional;
import javax.net.ssl.TrustManager;
import mstc.cloud.worker.s3protocol.ProxyServer;
import mstc.cloud.worker.s3protocol.TrustedCertificates;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.retry.RetryMode;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.http.apache5.ProxyConfiguration;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;
import software.amazon.awssdk.services.s3.S3Configuration;
import software.amazon.awssdk.services.s3.presigner.S3Presigner;

/** Makes the SDK's clients from the settings, and the HTTP client below them. */
final class AwsClient {
  private static final int MAX_CONNECTIONS = 256;

  private AwsClient() {}

  /**
   * The Apache client. The smaller UrlConnectionHttpClient keeps its connections in a pool of the
   * whole JVM and does nothing when it is closed, so closing the store could not end calls in
   * progress. The CRT client would bring native libraries.
   */
  static SdkHttpClient http(S3Settings settings, Optional<ProxyServer> proxy) {
    Apache5HttpClient.Builder builder =
        Apache5HttpClient.builder()
            .connectionTimeout(settings.connectTimeout())
            .socketTimeout(settings.requestTimeout())
            .connectionAcquisitionTimeout(settings.requestTimeout())
            .maxConnections(MAX_CONNECTIONS)
            .proxyConfiguration(proxy(proxy));
    settings
        .caCertificate()
        .map(pem -> TrustedCertificates.of(pem, "mstc.object-store.s3.tls.ca-certificate"))
        .ifPresent(trusted ->
            builder.tlsTrustManagersProvider(() -> new TrustManager[] {trusted.trustManager()}));
    return builder.build();
  }

  /** The SDK would read the variables itself, and does not know ranges of addresses in them. */
  private static ProxyConfiguration proxy(Optional<ProxyServer> proxy) {
    ProxyConfiguration.Builder builder =
        ProxyConfiguration.builder()
            .useEnvironmentVariableValues(false)
            .useSystemPropertyValues(false);
    proxy.ifPresent(server -> {
      builder.endpoint(URI.create("http://%s:%d".formatted(server.host(), server.port())));
      server.login().ifPresent(login -> builder.username(login.user()).password(login.password()));
    });
    return builder.build();
  }

  static S3Client s3(
      S3Settings settings,
      Region region,
      AwsCredentialsProvider credentials,
      SdkHttpClient http,
      boolean checksums) {
    S3ClientBuilder builder =
        S3Client.builder()
            .httpClient(http)
            .region(region)
            .credentialsProvider(credentials)
            .forcePathStyle(settings.pathStyle())
            .requestChecksumCalculation(
                checksums
                    ? RequestChecksumCalculation.WHEN_SUPPORTED
                    : RequestChecksumCalculation.WHEN_REQUIRED)
            .responseChecksumValidation(
                checksums
                    ? ResponseChecksumValidation.WHEN_SUPPORTED
                    : ResponseChecksumValidation.WHEN_REQUIRED)
            .overrideConfiguration(override ->
                override
                    .retryStrategy(RetryMode.STANDARD)
                    .apiCallAttemptTimeout(settings.requestTimeout()));
    settings.endpoint().ifPresent(builder::endpointOverride);
    return builder.build();
  }

  /** Signs for the store as others reach it. */
  static S3Presigner presigner(
      S3Settings settings, Region region, AwsCredentialsProvider credentials, URI publicEndpoint) {
    return S3Presigner.builder()
        .region(region)
        .credentialsProvider(credentials)
        .endpointOverride(publicEndpoint)
        .serviceConfiguration(
            S3Configuration.builder().pathStyleAccessEnabled(settings.pathStyle()).build())
        .build();
  }

  static AwsCredentialsProvider credentials(S3Settings settings) {
    return settings
        .credentials()
        .<AwsCredentialsProvider>map(keys ->
            StaticCredentialsProvider.create(
                AwsBasicCredentials.create(keys.accessKey(), keys.secretKey())))
        .orElseGet(() -> DefaultCredentialsProvider.builder().build());
  }
}
