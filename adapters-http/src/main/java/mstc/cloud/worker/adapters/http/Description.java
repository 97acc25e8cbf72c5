package mstc.cloud.worker.adapters.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import mstc.cloud.worker.adapters.http.Resource.Operation;

/** The description of the API, in OpenAPI. */
final class Description {
  private static final String TYPE = "application/yaml";
  private static final String VERSION = "${version}";

  private final String version;

  /**
   * @param version of the software
   */
  Description(String version) {
    this.version = version;
  }

  List<Resource> all() {
    return List.of(
        new Resource(
            "/mstc/openapi.yaml",
            Operation.open(call -> new Answer.Whole(200, TYPE, text(), Map.of()))));
  }

  private String text() {
    try (InputStream in = Description.class.getResourceAsStream("openapi.yaml")) {
      return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8)
          .replace(VERSION, version);
    } catch (IOException e) {
      throw new UncheckedIOException("the description of the API cannot be read", e);
    }
  }
}
