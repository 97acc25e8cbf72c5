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
