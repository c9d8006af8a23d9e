//! A released report as JSON: exact, in a fixed order, in both languages at once.

use crate::beside::skipped;
use crate::outside;
use crate::view::View;
use disclosure::{Interval, Item, Ratio, ReleasedSection, Score, Share, Shown, Text};
use serde_json::{Map, Value, json};

/// The report as JSON text with a final line break. Fractions are exact: `{"num": 43, "den": 11}`, as strings where
/// they do not fit 64 bits. A hidden figure has `"shown": "hidden"`, a `"reason"`, and no number.
pub fn json(view: &View<'_>) -> String {
    let released = view.released;
    let identity = released.identity();
    let preset = released.preset();
    let code = |population: usize| released.populations().get(population).map(|p| p.code.as_str());
    let value = json!({
        "format": "larka-report/1",
        "kind": released.kind(),
        "title": text(released.title()),
        "subtitle": text(released.subtitle()),
        "sources": released.sources().iter().map(text).collect::<Vec<_>>(),
        "place": text(released.place()),
        "period": text(released.period()),
        "identity": {
            "position": identity.position,
            "definition": identity.definition,
            "program": identity.program,
            "horizon": identity.horizon,
            "as_of": identity.as_of,
        },
        "dated_ahead": released.dated_ahead(),
        "rules": {
            "name": preset.name,
            "k_summary": preset.k_summary,
            "k_full": preset.k_full,
            "minimum_rate": preset.minimum_rate,
        },
        "populations": view.rows.iter().filter_map(|(place, _)| released.populations().get(*place)).map(|p| json!({
            "code": p.code,
            "label": text(&p.label),
            "kind": p.kind,
            "geometry": p.geometry,
            "parent": p.parent.and_then(code),
            "base": p.base,
        })).collect::<Vec<_>>(),
        "sections": view.sections().map(|s| section(view, s)).collect::<Vec<_>>(),
        "outside": outside::all(view).into_iter().map(|(_, _, figure)| json!({
            "section": figure.section,
            "item": figure.item,
            "population": figure.unit,
            "statistic": figure.kind.code(),
            "whose": text(&figure.whose),
            "period": figure.period,
            "value": ratio(figure.value),
            "source": text(&figure.source),
            "licence": figure.licence,
            "retrieved": figure.retrieved,
        })).collect::<Vec<_>>(),
    });
    let mut out = serde_json::to_string_pretty(&value).unwrap_or_default();
    out.push('\n');
    out
}

fn section(view: &View<'_>, section: &ReleasedSection) -> Value {
    let figures = section.items().iter().enumerate().flat_map(|(item, about)| {
        view.rows.iter().filter_map(move |(place, _)| {
            figure(view, section, (*place, item, about), section.figure(*place, item)?)
        })
    });
    let mut object = as_object(json!({ "id": section.id(), "title": text(section.title()) }));
    object.extend(as_object(json!(section.measure())));
    object.extend(as_object(json!({
        "live": section.live(),
        "categories": section.categories().iter().map(|category| json!({
            "code": category.code, "label": text(&category.label), "role": category.role,
        })).collect::<Vec<_>>(),
        "items": section.items().iter().map(|item| json!({
            "code": item.code,
            "label": text(&item.label),
            "group": item.group.as_ref().map(|group| json!({ "code": group.code, "label": text(&group.label) })),
            "target": item.target.and_then(|target| section.categories().get(target)).map(|target| &target.code),
        })).collect::<Vec<_>>(),
        "values": section.values().iter().map(|kind| kind.code()).collect::<Vec<_>>(),
        "figures": figures.collect::<Vec<_>>(),
        "notes": section.notes().iter().map(text).collect::<Vec<_>>(),
    })));
    Value::Object(object)
}

fn figure(
    view: &View<'_>,
    section: &ReleasedSection,
    (place, number, item): (usize, usize, &Item),
    shown: &Shown,
) -> Option<Value> {
    let population = &view.released.populations().get(place)?.code;
    let head = json!({ "population": population, "item": item.code });
    let mut object = as_object(head);
    object.extend(as_object(match shown {
        Shown::Hidden(reason) => json!({ "shown": "hidden", "reason": reason.code() }),
        Shown::Summary(summary) => json!({
            "shown": "summary",
            "reason": summary.distribution.code(),
            "base": summary.base,
            "answered": summary.answered,
        }),
        Shown::Full(full) => json!({
            "shown": "full",
            "base": full.base,
            "answered": full.answered,
            "counts": full.counts,
            "score": full.score.map(score),
            "positive": full.positive.map(share),
            "interval": full.interval.map(interval),
            "values": full.values.iter().map(|value| json!({
                "kind": value.kind.code(),
                "number": ratio(value.number),
                "interval": value.interval.map(interval),
            })).collect::<Vec<_>>(),
        }),
    }));
    if let Some(skipped) = skipped(view, section, (place, number), shown) {
        object.insert("skipped".into(), share(skipped));
    }
    Some(Value::Object(object))
}

fn text(text: &Text) -> Value {
    json!(text)
}

fn score(score: Score) -> Value {
    json!({ "mean": score.mean().map(ratio), "n": score.n })
}

fn share(share: Share) -> Value {
    json!({ "part": share.part, "of": share.of })
}

fn interval(interval: Interval) -> Value {
    json!({ "low": ratio(interval.low), "high": ratio(interval.high) })
}

fn ratio(ratio: Ratio) -> Value {
    let part =
        |number: i128| i64::try_from(number).map_or_else(|_| json!(number.to_string()), |fits| json!(fits));
    json!({ "num": part(ratio.num()), "den": part(ratio.den()) })
}

fn as_object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}
