//! What to use instead of what Lärka does not take.

/// What is said of a property.
pub(super) type Advice = (&'static str, &'static str);

const DRAWN: Advice =
    ("ta bort den: Lärka ritar formuläret självt", "take it away: Lärka draws the form itself");

/// Properties that only say how SurveyJS's own page looks or behaves.
const LOOKS: &[&str] = &[
    "addRowLocation",
    "alternateRows",
    "cellHideIfEmpty",
    "checkErrorsMode",
    "colCount",
    "completeText",
    "descriptionLocation",
    "displayMode",
    "displayRateDescriptionsAsExtremeItems",
    "displayStyle",
    "errorLocation",
    "firstPageIsStarted",
    "firstPageIsStartPage",
    "fitToContainer",
    "focusFirstQuestionAutomatic",
    "focusOnFirstError",
    "goNextPageAutomatic",
    "autoAdvanceEnabled",
    "headerView",
    "hideNumber",
    "indent",
    "itemSize",
    "innerIndent",
    "labelFalse_css",
    "logo",
    "logoFit",
    "logoHeight",
    "logoPosition",
    "logoWidth",
    "maxTextLength",
    "maxWidth",
    "minWidth",
    "mobileView",
    "navigationButtonsVisibility",
    "pageNextText",
    "pagePrevText",
    "progressBarInheritWidthFrom",
    "progressBarLocation",
    "progressBarType",
    "questionDescriptionLocation",
    "questionErrorLocation",
    "questionStartIndex",
    "questionTitleLocation",
    "questionTitlePattern",
    "questionTitleWidth",
    "questionsOnPageMode",
    "rateColorMode",
    "rateType",
    "renderAs",
    "requiredMark",
    "requiredText",
    "rightIndent",
    "leftIndent",
    "rowOrder",
    "separateSpecialChoices",
    "showCompletedPage",
    "showNavigationButtons",
    "showNumber",
    "showPageNumbers",
    "showPageTitles",
    "showPrevButton",
    "showProgressBar",
    "showQuestionNumbers",
    "showTitle",
    "showTOC",
    "size",
    "startWithNewLine",
    "state",
    "titleLocation",
    "titleWidth",
    "useDisplayValuesInDynamicTexts",
    "verticalAlign",
    "width",
    "widthMode",
    "wrapItems",
    "showClearButton",
    "allowClear",
    "searchEnabled",
    "autoGrow",
    "allowResize",
    "acceptCarriageReturn",
    "backgroundImage",
    "backgroundOpacity",
    "themeSettings",
    "textUpdateMode",
    "showLabel",
    "hideIfChoicesEmpty",
];

/// What to use instead of a property that is not taken.
pub(super) fn of_property(name: &str) -> Advice {
    if LOOKS.contains(&name) {
        return DRAWN;
    }
    match name {
        "choicesByUrl" | "choicesFromQuestion" | "choicesFromQuestionMode" => {
            ("skriv svarsalternativen i choices", "write the choices in choices")
        }
        "choicesVisibleIf" | "rowsVisibleIf" | "columnsVisibleIf" | "choicesEnableIf" => {
            ("skriv visibleIf på varje alternativ eller rad", "write visibleIf on each choice or row")
        }
        "triggers" => ("använd visibleIf eller calculatedValues", "use visibleIf or calculatedValues"),
        "defaultValue" | "defaultValueExpression" | "setValueExpression" | "resetValueIf" | "setValueIf" => (
            "låt frågan börja obesvarad, eller räkna i calculatedValues",
            "let it begin unanswered, or use calculatedValues",
        ),
        "storeOthersAsComment" => {
            ("ta bort den: texten ligger i NAMN-Comment", "take it away: the text is in NAME-Comment")
        }
        "choicesOrder" | "questionsOrder" | "questionOrder" | "rowsOrder" => {
            ("ordningen är den som står", "the order is the one that is written")
        }
        "valueName" | "correctAnswer" | "useDisplayValuesInTitle" | "choiceValuesFromQuestion" => {
            ("ge frågan det namn som svaret ska ha", "give the question the name that the answer is to have")
        }
        "minValueExpression" | "maxValueExpression" => {
            ("använd en validator av typen expression", "use a validator of type expression")
        }
        "mask" | "maskType" | "maskSettings" => {
            ("använd en validator av typen regex", "use a validator of type regex")
        }
        "completedHtml"
        | "completedHtmlOnCondition"
        | "navigateToUrl"
        | "navigateToUrlOnCondition"
        | "completedBeforeHtml"
        | "loadingHtml" => ("tacksidan är Lärkas", "the page that says thank you is Lärka's"),
        "timeLimit" | "maxTimeToFinish" | "showTimer" | "showTimerPanel" | "timeLimitPerPage" => {
            ("ingen svarar på tid", "nobody answers against time")
        }
        "isAllRowRequired" => ("skriv eachRowRequired", "write eachRowRequired"),
        "sendResultOnPageNext" | "surveyId" | "surveyPostId" | "cookieName" | "sendData" => {
            ("svaren går till Lärka och ingen annanstans", "answers go to Lärka and nowhere else")
        }
        _ => ("ta bort den", "take it away"),
    }
}

/// What to use instead of a type that is not taken.
pub(super) fn of_type(name: &str) -> Advice {
    match name {
        "slider" | "nouislider" => {
            ("rating, eller text med inputType number", "rating, or text with inputType number")
        }
        "paneldynamic" | "matrixdynamic" => {
            ("en fråga för varje sak, eller en kommentar", "one question for each thing, or a comment")
        }
        "matrixdropdown" | "matrixdropdowncolumn" => {
            ("matrix, eller en dropdown för varje rad", "matrix, or a dropdown for each row")
        }
        "multipletext" => {
            ("flera frågor av typen text i en panel", "several questions of type text in a panel")
        }
        "imagepicker" | "buttongroup" => ("radiogroup eller checkbox", "radiogroup or checkbox"),
        "image" | "imagemap" => ("html med text", "html with text"),
        "file" | "signaturepad" => {
            ("en fråga i text; filer tas inte emot", "a question in text; files are not taken")
        }
        "flowpanel" => ("panel", "panel"),
        "range" | "datetime-local" | "time" | "week" | "password" | "color" | "datetime" => (
            "text, number, date, month, email, tel eller url",
            "text, number, date, month, email, tel or url",
        ),
        _ => (
            "radiogroup, dropdown, checkbox, tagbox, rating, boolean, text, comment, matrix, ranking, html, expression eller panel",
            "radiogroup, dropdown, checkbox, tagbox, rating, boolean, text, comment, matrix, ranking, html, expression or panel",
        ),
    }
}
