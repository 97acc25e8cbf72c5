package mstc.cloud.worker.adapters.minio;

import io.minio.Http;
import io.minio.MinioAsyncClient;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import mstc.cloud.worker.s3protocol.ProxyServer;
import mstc.cloud.worker.s3protocol.TrustedCertificates;
import okhttp3.Dispatcher;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;

/** Makes minio-java's clients from the settings, and the HTTP client below them. */
final class MinioClients {
  private static final String DEFAULT_REGION = "us-east-1";

  private MinioClients() {}

  static OkHttpClient http(MinioSettings settings, Optional<ProxyServer> proxy) {
    var dispatcher = new Dispatcher(new CallerThread());
    // A call that waited for another to end would be run by that call's thread.
    dispatcher.setMaxRequests(Integer.MAX_VALUE);
    dispatcher.setMaxRequestsPerHost(Integer.MAX_VALUE);
    OkHttpClient.Builder builder =
        new OkHttpClient.Builder()
            .dispatcher(dispatcher)
            .protocols(List.of(Protocol.HTTP_1_1))
            .connectTimeout(settings.connectTimeout())
            .readTimeout(settings.requestTimeout())
            .writeTimeout(settings.requestTimeout())
            .addInterceptor(new GatewayFailures())
            .addInterceptor(new Http.StatusRetryInterceptor());
    // Else the client would look for a proxy by itself, in Java's system properties.
    builder.proxy(proxy.map(MinioClients::proxy).orElse(Proxy.NO_PROXY));
    proxy
        .flatMap(ProxyServer::login)
        .ifPresent(login -> builder.proxyAuthenticator(new ProxyLogin(login)));
    settings
        .caCertificate()
        .map(pem -> TrustedCertificates.of(pem, "mstc.object-store.minio.tls.ca-certificate"))
        .ifPresent(
            trusted -> builder.sslSocketFactory(trusted.socketFactory(), trusted.trustManager()));
    return builder.build();
  }

  private static Proxy proxy(ProxyServer server) {
    return new Proxy(
        Proxy.Type.HTTP, InetSocketAddress.createUnresolved(server.host(), server.port()));
  }

  static MinioAsyncClient minio(MinioSettings settings, URI endpoint, OkHttpClient http) {
    return MinioAsyncClient.builder()
        .endpoint(endpoint.toString())
        // Without a region the client would ask for the region of every bucket.
        .region(region(settings))
        .credentials(settings.accessKey(), settings.secretKey())
        .httpClient(http)
        .build();
  }

  static String region(MinioSettings settings) {
    return settings.region().orElse(DEFAULT_REGION);
  }
}
