package mstc.cloud.worker.bootstrap.banner;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Properties;

/** The worker's name and version, for its console. */
public final class Banner {
  private Banner() {}

  /** The name in large letters, with the version below. */
  public static String text() {
    return new String(resource("banner.txt"), StandardCharsets.UTF_8)
        + "version "
        + version()
        + ", Java "
        + Runtime.version()
        + System.lineSeparator();
  }

  /** The version that was built. */
  public static String version() {
    Properties properties = new Properties();
    try (InputStream in = Banner.class.getResourceAsStream("version.properties")) {
      properties.load(Objects.requireNonNull(in));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return properties.getProperty("version", "unknown");
  }

  private static byte[] resource(String name) {
    try (InputStream in = Banner.class.getResourceAsStream(name)) {
      return Objects.requireNonNull(in).readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
