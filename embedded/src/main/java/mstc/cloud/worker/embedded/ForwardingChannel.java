package mstc.cloud.worker.embedded;

import org.apache.qpid.server.bytebuffer.QpidByteBuffer;
import org.apache.qpid.server.protocol.v0_8.AMQShortString;
import org.apache.qpid.server.protocol.v0_8.FieldTable;
import org.apache.qpid.server.protocol.v0_8.transport.BasicContentHeaderProperties;
import org.apache.qpid.server.protocol.v0_8.transport.ServerChannelMethodProcessor;
import org.jspecify.annotations.Nullable;

/** Hands everything that a client sends on a channel to Qpid's own channel. */
abstract class ForwardingChannel implements ServerChannelMethodProcessor {
  private final ServerChannelMethodProcessor delegate;

  ForwardingChannel(ServerChannelMethodProcessor delegate) {
    this.delegate = delegate;
  }

  @Override
  public void receiveAccessRequest(
      AMQShortString realm,
      boolean exclusive,
      boolean passive,
      boolean active,
      boolean write,
      boolean read) {
    delegate.receiveAccessRequest(realm, exclusive, passive, active, write, read);
  }

  @Override
  public void receiveExchangeDeclare(
      AMQShortString exchange,
      AMQShortString type,
      boolean passive,
      boolean durable,
      boolean autoDelete,
      boolean internal,
      boolean nowait,
      FieldTable arguments) {
    delegate.receiveExchangeDeclare(
        exchange, type, passive, durable, autoDelete, internal, nowait, arguments);
  }

  @Override
  public void receiveExchangeDelete(AMQShortString exchange, boolean ifUnused, boolean nowait) {
    delegate.receiveExchangeDelete(exchange, ifUnused, nowait);
  }

  @Override
  public void receiveExchangeBound(
      AMQShortString exchange, AMQShortString routingKey, AMQShortString queue) {
    delegate.receiveExchangeBound(exchange, routingKey, queue);
  }

  @Override
  public void receiveQueueDeclare(
      AMQShortString queue,
      boolean passive,
      boolean durable,
      boolean exclusive,
      boolean autoDelete,
      boolean nowait,
      FieldTable arguments) {
    delegate.receiveQueueDeclare(queue, passive, durable, exclusive, autoDelete, nowait, arguments);
  }

  @Override
  public void receiveQueueBind(
      AMQShortString queue,
      AMQShortString exchange,
      AMQShortString bindingKey,
      boolean nowait,
      FieldTable arguments) {
    delegate.receiveQueueBind(queue, exchange, bindingKey, nowait, arguments);
  }

  @Override
  public void receiveQueuePurge(AMQShortString queue, boolean nowait) {
    delegate.receiveQueuePurge(queue, nowait);
  }

  @Override
  public void receiveQueueDelete(
      AMQShortString queue, boolean ifUnused, boolean ifEmpty, boolean nowait) {
    delegate.receiveQueueDelete(queue, ifUnused, ifEmpty, nowait);
  }

  @Override
  public void receiveQueueUnbind(
      AMQShortString queue,
      AMQShortString exchange,
      AMQShortString bindingKey,
      FieldTable arguments) {
    delegate.receiveQueueUnbind(queue, exchange, bindingKey, arguments);
  }

  @Override
  public void receiveBasicRecover(boolean requeue, boolean sync) {
    delegate.receiveBasicRecover(requeue, sync);
  }

  @Override
  public void receiveBasicQos(long prefetchSize, int prefetchCount, boolean global) {
    delegate.receiveBasicQos(prefetchSize, prefetchCount, global);
  }

  @Override
  public void receiveBasicConsume(
      AMQShortString queue,
      @Nullable AMQShortString consumerTag,
      boolean noLocal,
      boolean noAck,
      boolean exclusive,
      boolean nowait,
      FieldTable arguments) {
    delegate.receiveBasicConsume(queue, consumerTag, noLocal, noAck, exclusive, nowait, arguments);
  }

  @Override
  public void receiveBasicCancel(AMQShortString consumerTag, boolean noWait) {
    delegate.receiveBasicCancel(consumerTag, noWait);
  }

  @Override
  public void receiveBasicPublish(
      AMQShortString exchange, AMQShortString routingKey, boolean mandatory, boolean immediate) {
    delegate.receiveBasicPublish(exchange, routingKey, mandatory, immediate);
  }

  @Override
  public void receiveBasicGet(AMQShortString queue, boolean noAck) {
    delegate.receiveBasicGet(queue, noAck);
  }

  @Override
  public void receiveBasicAck(long deliveryTag, boolean multiple) {
    delegate.receiveBasicAck(deliveryTag, multiple);
  }

  @Override
  public void receiveBasicNack(long deliveryTag, boolean multiple, boolean requeue) {
    delegate.receiveBasicNack(deliveryTag, multiple, requeue);
  }

  @Override
  public void receiveBasicReject(long deliveryTag, boolean requeue) {
    delegate.receiveBasicReject(deliveryTag, requeue);
  }

  @Override
  public void receiveTxSelect() {
    delegate.receiveTxSelect();
  }

  @Override
  public void receiveTxCommit() {
    delegate.receiveTxCommit();
  }

  @Override
  public void receiveTxRollback() {
    delegate.receiveTxRollback();
  }

  @Override
  public void receiveConfirmSelect(boolean nowait) {
    delegate.receiveConfirmSelect(nowait);
  }

  @Override
  public void receiveChannelFlow(boolean active) {
    delegate.receiveChannelFlow(active);
  }

  @Override
  public void receiveChannelFlowOk(boolean active) {
    delegate.receiveChannelFlowOk(active);
  }

  @Override
  public void receiveChannelClose(
      int replyCode, AMQShortString replyText, int classId, int methodId) {
    delegate.receiveChannelClose(replyCode, replyText, classId, methodId);
  }

  @Override
  public void receiveChannelCloseOk() {
    delegate.receiveChannelCloseOk();
  }

  @Override
  public void receiveMessageContent(QpidByteBuffer data) {
    delegate.receiveMessageContent(data);
  }

  @Override
  public void receiveMessageHeader(BasicContentHeaderProperties properties, long bodySize) {
    delegate.receiveMessageHeader(properties, bodySize);
  }

  @Override
  public boolean ignoreAllButCloseOk() {
    return delegate.ignoreAllButCloseOk();
  }
}
