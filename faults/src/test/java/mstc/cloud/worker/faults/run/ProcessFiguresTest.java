package mstc.cloud.worker.faults.run;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What Linux and the worker tell of a process is read from their texts. */
class ProcessFiguresTest {

  @Test
  void threadsAreRead() {
    assertThat(ProcessFigures.threads("Name:\tjava\nThreads:\t57\nSigQ:\t1/2\n")).contains(57);
    assertThat(ProcessFigures.threads("Name:\tjava\n")).isEmpty();
  }

  @Test
  void theOldGenerationIsRead() {
    String metrics =
        """
        # TYPE jvm_memory_pool_used_bytes gauge
        jvm_memory_pool_used_bytes{pool="Eden Space"} 123.0
        jvm_memory_pool_used_bytes{pool="Tenured Gen"} 2.048E7
        """;

    assertThat(ProcessFigures.oldGenerationKibibytes(metrics)).contains(20_000L);
    assertThat(ProcessFigures.oldGenerationKibibytes("")).isEmpty();
  }
}
