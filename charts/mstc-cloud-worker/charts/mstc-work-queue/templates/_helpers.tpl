{{/* The labels that select the pod. */}}
{{- define "mstc-work-queue.selector" -}}
app.kubernetes.io/name: mstc-work-queue
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "mstc-work-queue.labels" -}}
{{ include "mstc-work-queue.selector" . }}
app.kubernetes.io/version: {{ .Values.image.tag | trunc 63 | quote }}
app.kubernetes.io/part-of: MSTC
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{/* The files of its ConfigMap. */}}
{{- define "mstc-work-queue.config" -}}
# The same plugins whichever image this is.
enabled_plugins: |
  [rabbitmq_management,rabbitmq_prometheus].
rabbitmq.conf: |
  # Clients are never on this host, not even guest's.
  loopback_users = none
  log.console = true
  # Requests have at most 128 KiB; a worker holds several messages at a time.
  max_message_size = 1048576
  disk_free_limit.absolute = {{ .Values.diskFreeLimit }}B
  # Only read into an empty database.
  default_policies.operator.mstc-queue-dead.vhost_pattern = .*
  default_policies.operator.mstc-queue-dead.queue_pattern = ^mstc\.queue\.dead$
  default_policies.operator.mstc-queue-dead.max_length_bytes = {{ mul (include "mstc-work-queue.mebibytes" .Values.deadQueue.maxBytes) 1048576 }}
  default_policies.operator.mstc-queue-dead.message_ttl = {{ .Values.deadQueue.maxDays }}d
  {{- with .Values.resources.limits }}
  {{- if regexMatch "^[0-9]+[KMGT]i$" (toString .memory) }}
  # RabbitMQ does not see the container's limit everywhere.
  total_memory_available_override_value = {{ .memory }}B
  {{- end }}
  {{- end }}
{{- end }}

{{/* Fails for values that cannot work together, before anything is installed. */}}
{{- define "mstc-work-queue.checks" -}}
{{- if and .Values.auth.existingSecret (or .Values.auth.username .Values.auth.password) }}
{{- fail "mstc-work-queue.auth.existingSecret excludes username and password: they are in the Secret." }}
{{- end }}
{{- with .Values.persistence }}
{{- if and .existingClaim (not .enabled) }}
{{- fail "mstc-work-queue.persistence.existingClaim needs persistence.enabled, or nothing is kept on it." }}
{{- end }}
{{- $kept := add (include "mstc-work-queue.mebibytes" $.Values.diskFreeLimit) (include "mstc-work-queue.mebibytes" $.Values.deadQueue.maxBytes) }}
{{- if and .enabled (ge $kept (include "mstc-work-queue.mebibytes" .size | int64)) }}
{{- fail (printf "mstc-work-queue.persistence.size (%s) must exceed diskFreeLimit (%s) and deadQueue.maxBytes (%s) together, or RabbitMQ takes no messages." .size $.Values.diskFreeLimit $.Values.deadQueue.maxBytes) }}
{{- end }}
{{- end }}
{{- end }}

{{/* The whole mebibytes in a quantity such as 8Gi or 500M. */}}
{{- define "mstc-work-queue.mebibytes" -}}
{{- $text := toString . }}
{{- $bytes := regexFind "^[0-9.]+" $text | float64 }}
{{- range $unit, $each := dict "m" 0.001 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "P" 1e15 "E" 1e18 "Ki" 1024.0 "Mi" 1048576.0 "Gi" 1073741824.0 "Ti" 1099511627776.0 "Pi" 1125899906842624.0 "Ei" 1152921504606846976.0 }}
{{- if hasSuffix $unit $text }}
{{- $bytes = mulf (regexFind "^[0-9.]+" $text | float64) $each }}
{{- end }}
{{- end }}
{{- divf $bytes 1048576.0 | int64 }}
{{- end }}
