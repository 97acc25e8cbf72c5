package mstc.cloud.worker.adapters.s3;

import java.io.FilterInputStream;
import java.io.IOException;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;

/**
 * An object that is being read. It throws only {@link IOException}; when closed before the end, it
 * drops the connection instead of reading the rest.
 */
final class ObjectContent extends FilterInputStream {
  private final ResponseInputStream<GetObjectResponse> content;
  private boolean ended;

  ObjectContent(ResponseInputStream<GetObjectResponse> content) {
    super(content);
    this.content = content;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
  }

  @Override
  public int read(byte[] target, int offset, int wanted) throws IOException {
    try {
      int count = content.read(target, offset, wanted);
      ended = count < 0;
      return count;
    } catch (SdkException e) {
      throw new IOException("Reading the object failed: " + e.getMessage(), e);
    }
  }

  @Override
  public long skip(long wanted) throws IOException {
    try {
      return content.skip(wanted);
    } catch (SdkException e) {
      throw new IOException("Reading the object failed: " + e.getMessage(), e);
    }
  }

  @Override
  public void close() throws IOException {
    if (ended) {
      content.close();
    } else {
      content.abort();
    }
  }
}
