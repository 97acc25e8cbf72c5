package mstc.cloud.worker.adapters.k8s.log;

import java.io.IOException;

/** The text that the streams of a log are {@linkplain LogMerge merged} into. */
interface MergedText {
  /** How many bytes it has. */
  long size();

  /** Whether it was cut for lack of room: then nothing more is added or cut back. */
  boolean isTruncated();

  /**
   * Appends as much as there is room for.
   *
   * @throws IOException if it cannot be written now
   */
  void append(byte[] bytes, int offset, int length) throws IOException;

  /** Drops everything after that many bytes. */
  void cutBack(long size) throws IOException;

  /** Begins to overwrite everything after that many bytes. */
  Overwriting overwrite(long from);

  /** Something is or may be missing. */
  void gap(String what);

  /** The end of the text, being overwritten: {@link #size} counts only what is written so far. */
  interface Overwriting {
    /**
     * Appends to it.
     *
     * @throws IOException if it cannot be written now
     */
    void append(byte[] bytes, int offset, int length) throws IOException;

    /**
     * Drops what was there before.
     *
     * @param same up to where it is known to be unchanged
     */
    void keep(long same) throws IOException;

    /** Restores what was there before. */
    void undo() throws IOException;
  }
}
