# Short names for the README's Kubernetes steps. Variables follow the name:
#   make image BASE=tar:///tmp/base.tar
#   make helm-install VALUES="-f config/values-s3.yaml --set image.tag=0.1.0"
IMAGE ?= mstc/mstc-cloud-worker:0.1.0
BASE ?= debian:13-slim
NAMESPACE ?= mstc-dev
VALUES ?= -f config/values-mstc-dev.yaml

RELEASE := mstc-cloud-worker
CHART := charts/mstc-cloud-worker
FORWARDS := target/port-forward

.PHONY: image helm-install helm-uninstall port-forward port-forward-stop python-dist

# The worker's image as bootstrap/target/jib-image.tar, for docker load or kind load image-archive.
image:
	mvn --batch-mode --no-transfer-progress -q -Pimage -Dmaven.test.skip -pl bootstrap -am package \
	  -Djib.from.image=$(BASE) -Djib.to.image=$(IMAGE)
	@ls -l bootstrap/target/jib-image.tar

helm-install:
	sed 's/mstc-dev/$(NAMESPACE)/' config/service-account.yaml | kubectl apply -f -
	helm upgrade --install $(RELEASE) $(CHART) --namespace $(NAMESPACE) $(VALUES) --wait --timeout 5m

helm-uninstall:
	helm uninstall $(RELEASE) --namespace $(NAMESPACE) --wait

# In the background until port-forward-stop: RabbitMQ on 5672 and 15672, MinIO on 9000 and 9001, the
# worker on 8080 of this machine.
port-forward: port-forward-stop
	@mkdir -p $(FORWARDS)
	@for forward in mstc-work-queue:5672:15672 minio:9000:9001 mstc-cloud-worker:8080; do \
	  service=$${forward%%:*}; ports=$$(echo $${forward#*:} | tr ':' ' '); \
	  kubectl --namespace $(NAMESPACE) get service $$service >/dev/null || continue; \
	  nohup kubectl --namespace $(NAMESPACE) port-forward service/$$service $$ports \
	    >$(FORWARDS)/$$service.log 2>&1 & echo $$! >$(FORWARDS)/$$service.pid; \
	done
	@for log in $(FORWARDS)/*.log; do \
	  for attempt in $$(seq 600); do grep -q '^Forwarding' $$log && break; sleep 0.1; done; \
	  grep -q '^Forwarding' $$log || { cat $$log; exit 1; }; sed -n 's/^Forwarding from 127/127/p' $$log; \
	done

port-forward-stop:
	@for file in $(FORWARDS)/*.pid; do \
	  [ -f $$file ] || continue; \
	  pid=$$(cat $$file); \
	  case $$(ps -p $$pid -o args= 2>/dev/null) in *port-forward*) kill $$pid ;; esac; \
	done
	@rm -rf $(FORWARDS)

# The image mstc/python-test, with Docker.
python-dist:
	$(MAKE) -C src/test/python/mstc-cloud-worker dist
