package mstc.cloud.worker.adapters.minio;

import io.minio.Http;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import mstc.cloud.worker.domain.store.ObjectAttributes;
import okhttp3.Headers;

/** User metadata as headers. */
final class UserMetadata {
  private static final String PREFIX = "x-amz-meta-";

  private UserMetadata() {}

  static Http.Headers toHeaders(ObjectAttributes attributes) {
    var headers = new Http.Headers();
    attributes.metadata().forEach((key, value) -> headers.put(PREFIX + key, value));
    return headers;
  }

  static Map<String, String> of(Headers headers) {
    var metadata = new HashMap<String, String>();
    for (String name : headers.names()) {
      String lowerCase = name.toLowerCase(Locale.ROOT);
      if (lowerCase.startsWith(PREFIX)) {
        metadata.put(lowerCase.substring(PREFIX.length()), String.join(",", headers.values(name)));
      }
    }
    return metadata;
  }
}
