package mstc.cloud.worker.adapters.minio;

import mstc.cloud.worker.s3protocol.ProxyServer;
import okhttp3.Authenticator;
import okhttp3.Credentials;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.Route;
import org.jspecify.annotations.Nullable;

/** Tells a proxy that asks who the worker is. */
final class ProxyLogin implements Authenticator {
  private static final String HEADER = "Proxy-Authorization";

  private final String credentials;

  ProxyLogin(ProxyServer.Login login) {
    this.credentials = Credentials.basic(login.user(), login.password());
  }

  /** Null gives up: the proxy has refused the same login before. */
  @Override
  public @Nullable Request authenticate(@Nullable Route route, Response response) {
    return response.request().header(HEADER) == null
        ? response.request().newBuilder().header(HEADER, credentials).build()
        : null;
  }
}
