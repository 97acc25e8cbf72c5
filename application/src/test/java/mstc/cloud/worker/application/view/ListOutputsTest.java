package mstc.cloud.worker.application.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.request.FilePrefix;
import mstc.cloud.worker.domain.request.JobName;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectAttributes;
import mstc.cloud.worker.domain.store.ObjectLocation;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import mstc.cloud.worker.domain.view.JobOutputs;
import mstc.cloud.worker.domain.view.JobOutputs.Output;
import mstc.cloud.worker.domain.view.JobView;
import mstc.cloud.worker.testkit.request.WorkRequests;
import mstc.cloud.worker.testkit.store.InMemoryObjectStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ListOutputsTest {
  private static final BucketName BUCKET = new BucketName("outputs");

  @TempDir private Path folder;
  private final Views views = new Views();
  private final InMemoryObjectStore store = InMemoryObjectStore.creatingBuckets();
  private final ListOutputs listOutputs = new ListOutputs(views.board, store);

  private JobView shown(String prefix) {
    return views.shown(
        views.job(WorkRequests.aWorkRequest().outputBucket(BUCKET.value()).prefix(prefix).build()));
  }

  private void put(String... names) throws IOException {
    for (String name : names) {
      store.put(
          new ObjectLocation(BUCKET, name),
          Files.writeString(folder.resolve("file"), name),
          ObjectAttributes.ofType("text/plain"));
    }
  }

  private JobOutputs outputs(JobView job, int limit) {
    return listOutputs.list(job.name(), limit).orElseThrow();
  }

  private static List<String> names(JobOutputs outputs) {
    return outputs.objects().stream().map(Output::name).toList();
  }

  @Test
  void outputsAreWhatBeginsWithThePrefixButForTheLog() throws IOException {
    // given
    JobView job = shown("run-1");
    put("run-1/mesh.vtk", "run-1-forces.csv", "run-2/mesh.vtk", "run", "mesh.vtk");
    put(job.job().logLocation().key());

    // when
    JobOutputs outputs = outputs(job, 10);

    // then
    assertThat(outputs)
        .isEqualTo(
            new JobOutputs(
                BUCKET,
                Optional.of(new FilePrefix("run-1")),
                List.of(
                    new Output("run-1-forces.csv", 16, Optional.empty()),
                    new Output("run-1/mesh.vtk", 14, Optional.empty())),
                false));
  }

  @Test
  void aJobThatIsGoneFromTheRecordStillHasItsOutputs() throws IOException {
    // given
    JobView job = shown("run-1");
    put("run-1/mesh.vtk");
    views.gone(job);

    // then
    assertThat(names(outputs(job, 10))).containsExactly("run-1/mesh.vtk");
  }

  @Test
  void whatTheWorkerKeepsIsNoOutput() throws IOException {
    // given
    JobView job = shown(".m");
    put(".mesh.vtk", ".mstc/job/1", ".mstc/job/2");

    // then
    assertThat(names(outputs(job, 10))).containsExactly(".mesh.vtk");
  }

  @Test
  void aListThatIsCutSaysSo() throws IOException {
    // given
    JobView job = shown("run-1");
    put("run-1/a", "run-1/b", "run-1/c", job.job().logLocation().key());

    // then
    assertThat(names(outputs(job, 2))).containsExactly("run-1/a", "run-1/b");
    assertThat(outputs(job, 2).more()).isTrue();
    assertThat(names(outputs(job, 3))).hasSize(3);
    assertThat(outputs(job, 3).more()).isFalse();
  }

  @Test
  void aLinkIsGivenForAnHourIfTheStoreGivesAny() throws IOException {
    // given
    JobView job = shown("run-1");
    put("run-1/mesh.vtk");
    store.linkTo(URI.create("https://store.example"));

    // then
    assertThat(outputs(job, 10).objects())
        .extracting(Output::link)
        .containsExactly(
            Optional.of(
                URI.create("https://store.example/outputs%2Frun-1%2Fmesh.vtk?seconds=3600")));
  }

  @Test
  void withoutAPrefixThereAreNoOutputsAndTheStoreIsNotAsked() {
    // given
    JobView job = shown("");
    store.stop();

    // then
    assertThat(outputs(job, 10))
        .isEqualTo(new JobOutputs(BUCKET, Optional.empty(), List.of(), false));
  }

  @Test
  void aJobThatIsNotShownHasNone() {
    // given
    UniqueName unknown = UniqueName.of(new JobName("solver"), new UUID(0, 99));

    // then
    assertThat(listOutputs.list(unknown, 10)).isEmpty();
  }

  @Test
  void aStoreThatFailsIsTold() {
    // given
    JobView job = shown("run-1");
    store.stop();

    // then
    assertThatThrownBy(() -> listOutputs.list(job.name(), 10))
        .isInstanceOf(ObjectStoreException.class);
  }
}
