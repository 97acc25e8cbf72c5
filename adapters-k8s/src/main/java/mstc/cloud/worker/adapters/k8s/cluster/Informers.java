package mstc.cloud.worker.adapters.k8s.cluster;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.dsl.Informable;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.util.function.Consumer;

/** Watches that go on by themselves whatever happens to the API server. */
public final class Informers {
  private Informers() {}

  /**
   * An informer that is not started yet.
   *
   * @param update called with an item that is new or has changed
   * @param remove called with an item that is gone
   */
  public static <T extends HasMetadata> SharedIndexInformer<T> informer(
      Informable<T> items, Consumer<T> update, Consumer<T> remove) {
    SharedIndexInformer<T> informer = items.runnableInformer(0);
    informer.addEventHandler(
        new ResourceEventHandler<>() {
          @Override
          public void onAdd(T item) {
            update.accept(item);
          }

          @Override
          public void onUpdate(T before, T item) {
            update.accept(item);
          }

          @Override
          public void onDelete(T item, boolean finalStateUnknown) {
            remove.accept(item);
          }
        });
    // Without this, a first list that fails would be the last.
    return informer.exceptionHandler((started, failure) -> true);
  }
}
