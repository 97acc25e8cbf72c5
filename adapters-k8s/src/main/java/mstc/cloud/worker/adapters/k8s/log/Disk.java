package mstc.cloud.worker.adapters.k8s.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/** The file system that the spool is in. */
interface Disk {
  /** The real one. */
  Disk REAL =
      new Disk() {
        @Override
        public int write(FileChannel file, ByteBuffer bytes, long position) throws IOException {
          return file.write(bytes, position);
        }

        @Override
        public long usableBytes(Path folder) {
          return folder.toFile().getUsableSpace();
        }

        @Override
        public long totalBytes(Path folder) {
          return folder.toFile().getTotalSpace();
        }
      };

  /**
   * Writes some of the bytes, at least one.
   *
   * @throws IOException if none can be written, for example because the disk is full
   */
  int write(FileChannel file, ByteBuffer bytes, long position) throws IOException;

  /** How much room there is for this process. */
  long usableBytes(Path folder);

  /** How large it is; 0 if that is not known. */
  long totalBytes(Path folder);
}
