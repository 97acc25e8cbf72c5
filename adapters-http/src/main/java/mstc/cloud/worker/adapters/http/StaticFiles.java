package mstc.cloud.worker.adapters.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import mstc.cloud.worker.adapters.http.Resource.Call;
import mstc.cloud.worker.adapters.http.Resource.Operation;

/**
 * The files of the page, as they are in the folder {@code page} beside this class, for everyone:
 * what they show they have to ask for, with the token. Nothing but what is there is served, and the
 * page may load nothing from anywhere else.
 */
final class StaticFiles {
  private static final String FOLDER = "page/";
  private static final String INDEX = "index.html";
  private static final int TAG_LENGTH = 32;

  /** Neither hidden files nor the way up. */
  private static final Pattern NAME =
      Pattern.compile("(?:[A-Za-z0-9_-]+/)*[A-Za-z0-9_-]+(?:\\.[A-Za-z0-9_-]+)+");

  private static final Map<String, String> TYPES =
      Map.of(
          "html", "text/html; charset=utf-8",
          "css", "text/css; charset=utf-8",
          "js", "text/javascript; charset=utf-8",
          "json", "application/json",
          "svg", "image/svg+xml",
          "png", "image/png",
          "ico", "image/x-icon",
          "woff2", "font/woff2",
          "txt", "text/plain; charset=utf-8");

  private static final Map<String, String> HEADERS =
      Map.of(
          "Content-Security-Policy",
          "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
              + " font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none';"
              + " frame-ancestors 'none'",
          "X-Content-Type-Options",
          "nosniff",
          "Referrer-Policy",
          "no-referrer",
          "Cross-Origin-Resource-Policy",
          "same-origin",
          "Cache-Control",
          "no-cache");

  private final Map<String, Resource> found = new ConcurrentHashMap<>();

  /** The file of that path; empty if there is none. */
  Optional<Resource> find(String path) {
    String name = path.equals("/") ? INDEX : path.substring(1);
    if (!NAME.matcher(name).matches() || !TYPES.containsKey(extension(name))) {
      return Optional.empty();
    }
    Resource known = found.get(path);
    return known == null ? read(path, name) : Optional.of(known);
  }

  private Optional<Resource> read(String path, String name) {
    try (InputStream in = StaticFiles.class.getResourceAsStream(FOLDER + name)) {
      if (in == null) {
        return Optional.empty();
      }
      Answer.Whole file =
          new Answer.Whole(
              200, TYPES.getOrDefault(extension(name), ""), in.readAllBytes(), HEADERS);
      String tag = '"' + digest(file.body()) + '"';
      Resource resource =
          new Resource(path, Operation.open(call -> answer(file.with("ETag", tag), tag, call)));
      found.put(path, resource);
      return Optional.of(resource);
    } catch (IOException e) {
      throw new UncheckedIOException("the page's file " + name + " cannot be read", e);
    }
  }

  private static Answer answer(Answer.Whole file, String tag, Call call) {
    boolean known = call.headers().getCSV("If-None-Match", true).contains(tag);
    return known ? new Answer.Whole(304, file.contentType(), new byte[0], file.headers()) : file;
  }

  private static String extension(String name) {
    return name.substring(name.lastIndexOf('.') + 1);
  }

  private static String digest(byte[] content) {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(content))
          .substring(0, TAG_LENGTH);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
