// Judge gives Kubernetes' own verdict on manifests, without a server.
//
// In: one JSON document a line on standard input, each a list of objects. Out: one line each, a list
// of {"object", "field", "message"}. Objects are decoded strictly, defaulted, and then prepared and
// validated by the strategies that kube-apiserver itself runs before it stores a new object.
// Kinds that Kubernetes does not have are passed over.
//
// With -levels the answer to each line is the strictest Pod Security level that admits the pods of
// its Deployments: "restricted", "baseline" or "privileged".
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	kjson "k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	_ "k8s.io/kubernetes/pkg/apis/autoscaling/install"
	_ "k8s.io/kubernetes/pkg/apis/batch/install"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	_ "k8s.io/kubernetes/pkg/apis/networking/install"
	_ "k8s.io/kubernetes/pkg/apis/policy/install"
	"k8s.io/kubernetes/pkg/capabilities"
	"k8s.io/kubernetes/pkg/registry/apps/deployment"
	"k8s.io/kubernetes/pkg/registry/autoscaling/horizontalpodautoscaler"
	"k8s.io/kubernetes/pkg/registry/batch/job"
	"k8s.io/kubernetes/pkg/registry/core/configmap"
	"k8s.io/kubernetes/pkg/registry/core/namespace"
	"k8s.io/kubernetes/pkg/registry/core/service"
	"k8s.io/kubernetes/pkg/registry/core/serviceaccount"
	"k8s.io/kubernetes/pkg/registry/networking/ingress"
	"k8s.io/kubernetes/pkg/registry/networking/networkpolicy"
	"k8s.io/kubernetes/pkg/registry/policy/poddisruptionbudget"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

type finding struct {
	Object  string `json:"object"`
	Field   string `json:"field"`
	Message string `json:"message"`
}

var strategies = map[string]rest.RESTCreateStrategy{
	"ConfigMap":               configmap.Strategy,
	"Deployment":              deployment.Strategy,
	"HorizontalPodAutoscaler": horizontalpodautoscaler.Strategy,
	"Ingress":                 ingress.Strategy,
	"Job":                     job.Strategy,
	"Namespace":               namespace.Strategy,
	"NetworkPolicy":           networkpolicy.Strategy,
	"PodDisruptionBudget":     poddisruptionbudget.Strategy,
	"Service":                 service.Strategy,
	"ServiceAccount":          serviceaccount.Strategy,
}

var decoder = kjson.NewSerializerWithOptions(
	kjson.DefaultMetaFactory, legacyscheme.Scheme, legacyscheme.Scheme,
	kjson.SerializerOptions{Strict: true})

func main() {
	levels := flag.Bool("levels", false, "print Pod Security levels")
	flag.Parse()
	// Clusters run kube-apiserver with --allow-privileged, and leave the decision to admission.
	capabilities.Setup(true, 0)
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<26)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var objects []json.RawMessage
		if err := json.Unmarshal(lines.Bytes(), &objects); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if *levels {
			_ = out.Encode(level(objects))
			continue
		}
		findings := []finding{}
		for _, object := range objects {
			findings = append(findings, judge(object)...)
		}
		_ = out.Encode(findings)
	}
}

func judge(data []byte) []finding {
	var head struct {
		Kind     string
		Metadata struct{ Name, Namespace string }
	}
	_ = json.Unmarshal(data, &head)
	strategy, known := strategies[head.Kind]
	if !known {
		return nil
	}
	name := head.Kind + "/" + head.Metadata.Name
	object, kind, err := decoder.Decode(data, nil, nil)
	if err != nil {
		return []finding{{name, "", err.Error()}}
	}
	legacyscheme.Scheme.Default(object)
	internal, err := legacyscheme.Scheme.ConvertToVersion(
		object, schema.GroupVersion{Group: kind.Group, Version: runtime.APIVersionInternal})
	if err != nil {
		return []finding{{name, "", err.Error()}}
	}
	place := head.Metadata.Namespace
	accessor, err := meta.Accessor(internal)
	if err != nil {
		return []finding{{name, "", err.Error()}}
	}
	if place == "" && strategy.NamespaceScoped() {
		place = "default"
		accessor.SetNamespace(place)
	}
	rest.FillObjectMetaSystemFields(accessor)
	context := request.WithNamespace(request.NewContext(), place)
	context = request.WithRequestInfo(context, &request.RequestInfo{
		APIGroup: kind.Group, APIVersion: kind.Version, Resource: strings.ToLower(head.Kind) + "s"})
	return causes(name, rest.BeforeCreate(strategy, context, internal))
}

func causes(name string, err error) []finding {
	var status *apierrors.StatusError
	if err == nil {
		return nil
	}
	if !errors.As(err, &status) || status.ErrStatus.Details == nil {
		return []finding{{name, "", err.Error()}}
	}
	findings := []finding{}
	for _, cause := range status.ErrStatus.Details.Causes {
		findings = append(findings, finding{name, cause.Field, cause.Message})
	}
	return findings
}

func level(objects []json.RawMessage) api.Level {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		panic(err)
	}
	for _, asked := range []api.Level{api.LevelRestricted, api.LevelBaseline} {
		if admits(evaluator, asked, objects) {
			return asked
		}
	}
	return api.LevelPrivileged
}

func admits(evaluator policy.Evaluator, asked api.Level, objects []json.RawMessage) bool {
	for _, object := range objects {
		var deployment appsv1.Deployment
		if json.Unmarshal(object, &deployment) != nil || deployment.Kind != "Deployment" {
			continue
		}
		template := deployment.Spec.Template
		wanted := api.LevelVersion{Level: asked, Version: api.LatestVersion()}
		for _, result := range evaluator.EvaluatePod(wanted, &template.ObjectMeta, &template.Spec) {
			if !result.Allowed {
				return false
			}
		}
	}
	return true
}
