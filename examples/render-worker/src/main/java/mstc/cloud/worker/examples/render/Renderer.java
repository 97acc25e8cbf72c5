package mstc.cloud.worker.examples.render;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectAttributes;
import mstc.cloud.worker.domain.store.ObjectLocation;
import mstc.cloud.worker.domain.store.ObjectStore;

/**
 * What the image {@code render-worker:1} runs. Its arguments: a scene, a first and a last frame.
 */
final class Renderer {
  private static final int SIZE = 160;

  private Renderer() {}

  public static void main(String[] arguments) throws IOException {
    Map<String, String> environment = System.getenv();
    BucketName bucket = new BucketName(environment.getOrDefault("OUTPUT_BUCKET", ""));
    try (ObjectStore store = RenderStore.open(environment)) {
      int last = Integer.parseInt(arguments[2]);
      for (int frame = Integer.parseInt(arguments[1]); frame <= last; frame++) {
        ObjectLocation image =
            new ObjectLocation(bucket, "%s-%05d.pgm".formatted(arguments[0], frame));
        Path file = Files.write(Path.of("frame.pgm"), graymap(frame));
        store.put(image, file, ObjectAttributes.ofType("image/x-portable-graymap"));
        System.out.println("rendered " + image);
      }
    }
  }

  /** Rings that grow from frame to frame, as a portable graymap. */
  private static byte[] graymap(int frame) {
    ByteArrayOutputStream image = new ByteArrayOutputStream();
    image.writeBytes("P5 %1$d %1$d 255\n".formatted(SIZE).getBytes(StandardCharsets.US_ASCII));
    for (int pixel = 0; pixel < SIZE * SIZE; pixel++) {
      double radius = Math.hypot(pixel % SIZE - SIZE / 2, pixel / SIZE - SIZE / 2);
      image.write((int) (127.5 + 127.5 * Math.sin(radius / 5 - frame / 2.0)));
    }
    return image.toByteArray();
  }
}
