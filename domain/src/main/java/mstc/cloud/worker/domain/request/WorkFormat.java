package mstc.cloud.worker.domain.request;

/** Writes work as text that a runtime keeps on record, and reads it again. */
public interface WorkFormat {

  /**
   * The work as a JSON object; the same in every version, as a later one may read the record.
   *
   * @throws IllegalArgumentException if this format does not know that kind of work
   */
  String format(Work work);

  /**
   * The work that was written, by this version or an earlier one.
   *
   * @throws IllegalArgumentException if the text is not work; the message says what is wrong with
   *     it
   */
  Work parse(String text);
}
