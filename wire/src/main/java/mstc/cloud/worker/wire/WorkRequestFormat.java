package mstc.cloud.worker.wire;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import mstc.cloud.worker.domain.request.ParsedRequest;
import mstc.cloud.worker.domain.request.RequestParser;
import mstc.cloud.worker.domain.request.Work;
import mstc.cloud.worker.domain.request.WorkFormat;
import mstc.cloud.worker.domain.request.WorkRequest;

/** Work requests as JSON, both as clients send them and on record. */
public final class WorkRequestFormat implements WorkFormat, RequestParser {

  @Override
  public ParsedRequest read(byte[] body) {
    return RequestJson.parse(body);
  }

  @Override
  public ParsedRequest read(InputStream body) throws IOException {
    return RequestJson.parse(body);
  }

  @Override
  public String format(Work work) {
    if (work instanceof WorkRequest request) {
      return new String(RequestJson.toBytes(request), UTF_8);
    }
    throw new IllegalArgumentException("it is no work request: " + work.description());
  }

  @Override
  public Work parse(String text) {
    return switch (RequestJson.parse(text.getBytes(UTF_8))) {
      case ParsedRequest.Valid valid -> valid.work();
      case ParsedRequest.Invalid invalid ->
          throw new IllegalArgumentException("the request is invalid: " + invalid.violations());
      case ParsedRequest.Unreadable unreadable ->
          throw new IllegalArgumentException(unreadable.reason());
    };
  }
}
