{{/*
The environment of a Dask container: the chart's variables, then those of its values, sorted by name but each after
those that it refers to, since Kubernetes expands $(NAME) only if NAME is set before. Each name appears once: HOME and
TMPDIR in the values replace the chart's, and guard.yaml refuses the chart's other names.
Takes a dict: root (the chart's context) and pod (its values).
*/}}
{{- define "mops.env" -}}
- name: POD_NAME
  valueFrom:
    fieldRef:
      apiVersion: v1
      fieldPath: metadata.name
- name: POD_IP
  valueFrom:
    fieldRef:
      apiVersion: v1
      fieldPath: status.podIP
{{- if .root.Values.tls.secretName }}
{{ include "mops.tlsEnv" . }}
{{- end }}
{{- range $name := list "HOME" "TMPDIR" }}
{{- if not (hasKey $.pod.env $name) }}
- name: {{ $name }}
  value: /tmp
{{- end }}
{{- end }}
{{- $done := dict }}
{{- range $name, $_ := .pod.env }}
{{- template "mops.variable" (dict "name" $name "env" $.pod.env "done" $done "above" list) }}
{{- end }}
{{- end }}

{{/*
One variable after those that it refers to, unless it is already set. Takes a dict: name, env, done (the names that are
set, which grows) and above (the names that refer to this one).
*/}}
{{- define "mops.variable" }}
{{- $value := get .env .name }}
{{- if hasKey .done .name }}
{{- else }}
{{- if and (kindIs "string" $value) (contains "$(" $value) }}
{{- template "mops.references" (dict "name" .name "env" .env "done" .done "above" .above "value" $value) }}
{{- end }}
{{- $_ := set .done .name true }}
- name: {{ .name | quote }}
  {{- if kindIs "map" $value }}
  valueFrom:
    {{- toYaml $value.valueFrom | nindent 4 }}
  {{- else }}
  value: {{ $value | quote }}
  {{- end }}
{{- end }}
{{- end }}

{{/* The variables that a value refers to. Takes what mops.variable takes, and value. */}}
{{- define "mops.references" }}
{{- $above := append .above .name }}
{{- range $reference := regexFindAll "\\$\\([^)]*\\)" (replace "$$" "" .value) -1 }}
{{- $wanted := $reference | trimPrefix "$(" | trimSuffix ")" }}
{{- if and (hasKey $.env $wanted) (has $wanted $above) }}
{{- $remedy := "Kubernetes does not know the image's own value, so write the whole value, or $$ for a literal $" }}
{{- fail (printf "env.%s: it refers to itself through $(%s); %s" $.name $wanted $remedy) }}
{{- else if hasKey $.env $wanted }}
{{- template "mops.variable" (dict "name" $wanted "env" $.env "done" $.done "above" $above) }}
{{- end }}
{{- end }}
{{- end }}

{{/* The paths of the certificates in the Secret tls.secretName, for Dask. */}}
{{- define "mops.tlsEnv" -}}
- name: DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION
  value: "true"
- name: DASK_DISTRIBUTED__COMM__TLS__CA_FILE
  value: /etc/dask/tls/ca.crt
{{- range $role := list "CLIENT" "SCHEDULER" "WORKER" }}
- name: DASK_DISTRIBUTED__COMM__TLS__{{ $role }}__CERT
  value: /etc/dask/tls/tls.crt
- name: DASK_DISTRIBUTED__COMM__TLS__{{ $role }}__KEY
  value: /etc/dask/tls/tls.key
{{- end }}
{{- end }}

{{/* As JSON: the name of each worker Deployment -> its variables that have a literal value without references. */}}
{{- define "mops.literalEnv" -}}
{{- $deployments := dict }}
{{- range $group := prepend (keys .Values.workerGroups) "default" }}
{{- $workers := eq $group "default" | ternary $.Values.workers (get $.Values.workerGroups $group) }}
{{- $literal := dict }}
{{- range $name, $value := $workers.env }}
{{- if and (kindIs "string" $value) (not (contains "$" $value)) }}{{ $_ := set $literal $name $value }}{{ end }}
{{- end }}
{{- $_ := set $deployments (include "mops.workersName" (dict "root" $ "group" $group)) $literal }}
{{- end }}
{{- toJson $deployments }}
{{- end }}
