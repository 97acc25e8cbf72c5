package mstc.cloud.worker.adapters.minio;

import java.io.IOException;
import okhttp3.Interceptor;
import okhttp3.Response;

/**
 * Turns a 5xx that is not the store's own, such as a proxy's page "503 Service Unavailable", into a
 * broken connection: minio-java hides the status of a response that is not XML.
 */
final class GatewayFailures implements Interceptor {
  private static final int NOT_IMPLEMENTED = 501;

  @Override
  public Response intercept(Chain chain) throws IOException {
    Response response = chain.proceed(chain.request());
    boolean fromTheStore =
        String.valueOf(response.header("Content-Type")).startsWith("application/xml")
            && response.body().contentLength() != 0;
    if (response.code() >= 500
        && response.code() != NOT_IMPLEMENTED
        && !"HEAD".equals(chain.request().method())
        && !fromTheStore) {
      response.close();
      throw new IOException("HTTP %d, not from the store itself".formatted(response.code()));
    }
    return response;
  }
}
