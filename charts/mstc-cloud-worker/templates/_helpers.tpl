{{/* The labels that select the pods. */}}
{{- define "mstc-cloud-worker.selector" -}}
app.kubernetes.io/name: mstc-cloud-worker
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "mstc-cloud-worker.labels" -}}
{{ include "mstc-cloud-worker.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: MSTC
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "mstc-cloud-worker.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "mstc-cloud-worker.storeType" -}}
{{ dig "object-store" "type" "minio" .Values.config }}
{{- end }}

{{/* The Secret with RabbitMQ's username and password. */}}
{{- define "mstc-cloud-worker.workQueueSecret" -}}
{{- $queue := index .Values "mstc-work-queue" -}}
{{- if $queue.enabled -}}
{{ $queue.auth.existingSecret | default "mstc-work-queue" }}
{{- else -}}
{{ required "Without mstc-work-queue, workQueue.existingSecret must name a Secret with the keys username and password." .Values.workQueue.existingSecret }}
{{- end }}
{{- end }}

{{/* The Secret with the store's access-key and secret-key; empty if the AWS SDK finds credentials itself. */}}
{{- define "mstc-cloud-worker.storeSecret" -}}
{{- if .Values.minio.enabled -}}
{{ .Values.minio.auth.existingSecret | default "minio" }}
{{- else if eq (include "mstc-cloud-worker.storeType" .) "s3" -}}
{{ .Values.objectStore.existingSecret }}
{{- else -}}
{{ required "Without minio and S3, objectStore.existingSecret must name a Secret with the keys access-key and secret-key." .Values.objectStore.existingSecret }}
{{- end }}
{{- end }}

{{/* Where jobs run. */}}
{{- define "mstc-cloud-worker.jobsNamespace" -}}
{{ .Values.jobs.namespace | default .Release.Namespace }}
{{- end }}

{{/* The Secret with the access-key and secret-key of jobs, in their namespace; empty if they get none. */}}
{{- define "mstc-cloud-worker.jobsSecret" -}}
{{- if .Values.jobs.credentials.accessKey -}}
mstc-cloud-worker-jobs
{{- else -}}
{{ .Values.jobs.credentialsSecret | default (include "mstc-cloud-worker.storeSecret" .) }}
{{- end }}
{{- end }}

{{/* The labels of MinIO's pod, which its own chart sets. */}}
{{- define "mstc-cloud-worker.minioSelector" -}}
app.kubernetes.io/name: minio
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* The labels of all jobs' pods, whatever their requests say. */}}
{{- define "mstc-cloud-worker.jobSelector" -}}
app.kubernetes.io/managed-by: mstc-cloud-worker
{{- end }}

{{/* What the chart knows itself, overridden by config. */}}
{{- define "mstc-cloud-worker.config" -}}
{{- $s3 := eq (include "mstc-cloud-worker.storeType" .) "s3" }}
{{- $store := dict }}
{{- if and .Values.minio.enabled $s3 }}
{{- $store = dict "s3" (dict "endpoint" "http://minio:9000") }}
{{- else if .Values.minio.enabled }}
{{- $store = dict "minio" (dict "host" "minio" "port" 9000) }}
{{- else if not (or $s3 (dig "object-store" "minio" "host" "" .Values.config)) }}
{{- fail "Without minio, config.object-store must name the store: minio.host, or type s3." }}
{{- end }}
{{- $queue := dict }}
{{- if (index .Values "mstc-work-queue").enabled }}
{{- $queue = dict "host" "mstc-work-queue" "port" 5672 }}
{{- else if not (dig "work-queue" "host" "" .Values.config) }}
{{- fail "Without mstc-work-queue, config.work-queue.host must name the RabbitMQ to use." }}
{{- end }}
{{- $jobs := dict }}
{{- with include "mstc-cloud-worker.jobsSecret" . }}
{{- $jobs = dict "credentials-secret" . }}
{{- end }}
{{- if and .Values.minio.enabled (ne (include "mstc-cloud-worker.jobsNamespace" .) .Release.Namespace) }}
{{- $jobs = merge $jobs (dict "store-host" (printf "minio.%s" .Release.Namespace) "store-port" 9000) }}
{{- end }}
{{- $runtime := dict }}
{{- with .Values.global.imagePullSecrets }}
{{- $runtime = dict "kubernetes" (dict "image-pull-secrets" (join "," .)) }}
{{- end }}
{{- $known := dict "work-queue" $queue "object-store" $store "jobs" $jobs "runtime" $runtime }}
{{- dict "mstc" (mergeOverwrite $known .Values.config) | toYaml }}
{{- end }}

{{/* The parts of a pod that runs the worker's program with the release's configuration. */}}
{{- define "mstc-cloud-worker.pod" -}}
{{- with .Values.global.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
# The variables of the Services minio and mstc-work-queue would be read as configuration.
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  seccompProfile:
    type: RuntimeDefault
  {{- with .Values.podSecurityContext }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
volumes:
  - name: config
    configMap:
      name: mstc-cloud-worker
  - name: scratch
    emptyDir: {}
  {{- with .Values.http.tlsSecret }}
  - name: tls
    secret:
      secretName: {{ . | quote }}
  {{- end }}
  {{- with .Values.extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The same for its container. */}}
{{- define "mstc-cloud-worker.container" -}}
image: {{ include "mstc-cloud-worker.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
env:
  - name: MSTC_WORK_QUEUE_USER
    valueFrom:
      secretKeyRef:
        name: {{ include "mstc-cloud-worker.workQueueSecret" . | quote }}
        key: username
  - name: MSTC_WORK_QUEUE_PASSWORD
    valueFrom:
      secretKeyRef:
        name: {{ include "mstc-cloud-worker.workQueueSecret" . | quote }}
        key: password
  {{- $type := include "mstc-cloud-worker.storeType" . | upper }}
  {{- with include "mstc-cloud-worker.storeSecret" . }}
  - name: MSTC_OBJECT_STORE_{{ $type }}_ACCESS_KEY
    valueFrom:
      secretKeyRef:
        name: {{ . | quote }}
        key: access-key
  - name: MSTC_OBJECT_STORE_{{ $type }}_SECRET_KEY
    valueFrom:
      secretKeyRef:
        name: {{ . | quote }}
        key: secret-key
  {{- end }}
  - name: MSTC_RUNTIME_KUBERNETES_NAMESPACE
    {{- if .Values.jobs.namespace }}
    value: {{ .Values.jobs.namespace | quote }}
    {{- else }}
    valueFrom:
      fieldRef:
        fieldPath: metadata.namespace
    {{- end }}
  - name: MSTC_HTTP_HOST
    value: 0.0.0.0
  - name: MSTC_HTTP_TOKEN
    valueFrom:
      secretKeyRef:
        name: {{ .Values.http.existingSecret | default "mstc-cloud-worker" | quote }}
        key: http-token
  {{- if .Values.http.tlsSecret }}
  - name: MSTC_HTTP_TLS_CERTIFICATE
    value: /etc/mstc-tls/tls.crt
  - name: MSTC_HTTP_TLS_KEY
    value: /etc/mstc-tls/tls.key
  {{- end }}
  - name: SCRATCH_DIR
    value: /var/lib/mstc-cloud-worker
  {{- with .Values.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
resources:
  {{- toYaml .Values.resources | nindent 2 }}
volumeMounts:
  - name: config
    mountPath: /etc/mstc
  - name: scratch
    mountPath: /var/lib/mstc-cloud-worker
    subPath: scratch
  - name: scratch
    mountPath: /tmp
    subPath: tmp
  {{- if .Values.http.tlsSecret }}
  - name: tls
    mountPath: /etc/mstc-tls
    readOnly: true
  {{- end }}
  {{- with .Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
