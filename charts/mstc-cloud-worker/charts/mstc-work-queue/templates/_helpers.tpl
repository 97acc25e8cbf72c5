{{/* What the pod is found by. */}}
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
  [rabbitmq_management].
rabbitmq.conf: |
  # Clients are never on this host, not even guest's.
  loopback_users = none
  log.console = true
  {{- with .Values.resources.limits }}
  {{- if regexMatch "^[0-9]+[KMGT]i$" (toString .memory) }}
  # RabbitMQ does not see the container's limit everywhere.
  total_memory_available_override_value = {{ .memory }}B
  {{- end }}
  {{- end }}
{{- end }}
