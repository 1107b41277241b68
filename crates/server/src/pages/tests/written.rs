//! Pages as they are written: every control has a label, and says what is wrong with it.

use super::super::form::Look;
use super::super::words::words;
use super::*;

fn page(definition: &FormDefinition, typed: Typed, then: Then, page: usize) -> String {
    asking(definition, |asking| {
        let mut state = State::new(Uuid::nil(), Timestamp(1), Aim::New, typed);
        state.page = page;
        let reading = read(asking, &state.typed);
        let look =
            Look { words: words(Language::English), asking, max_file: 1_000_000, follow: None };
        let html = look.page(&mut state, &reading, then, |_| "sealed".to_owned());
        html.into_string()
    })
}

#[track_caller]
fn has(html: &str, parts: &[&str]) {
    for part in parts {
        assert!(html.contains(part), "{part} is not in {html}");
    }
}

#[test]
fn controls_have_labels_hints_and_purposes() {
    let definition = form(&format!(
        r#"[{{"name":"email","label":"E-mail <b>","type":"email","required":true,"hint":"Yours & mine"}},
            {{"name":"kind","label":"Kind","type":"item","items":{ITEMS}}},
            {{"name":"ok","label":"Agreed","type":"bool"}},
            {{"name":"where","label":"Where","type":"map"}},
            {{"name":"photo","label":"Photo","type":"file"}},
            {{"label":"Read this. Hello {{{{ form_var_email }}}}","type":"comment"}}]"#
    ));
    let html = page(&definition, typed("email=a@b&kind=2"), Then::Show, 0);
    has(
        &html,
        &[
            r#"<label for="a.email">E-mail &lt;b&gt;</label>"#,
            r#"<p class="hint" id="a.email-hint">Yours &amp; mine</p>"#,
            r#"<input type="email" id="a.email" name="a.email" class="wide" value="a@b" autocomplete="email" aria-describedby="a.email-hint" required>"#,
            r#"<legend>Kind <span class="optional">(optional)</span></legend>"#,
            r#"<input type="radio" id="a.kind-1" name="a.kind" value="2" checked>"#,
            r#"<input type="checkbox" id="a.ok" name="a.ok" value="yes">"#,
            r#"<label for="a.where">Latitude</label>"#,
            r#"name="a.where.lon""#,
            r#"<input type="file" id="a.photo" name="a.photo" aria-describedby="a.photo-hint">"#,
            r#"<p class="said">Read this. Hello a@b</p>"#,
            r#"<input type="hidden" name="state" value="sealed">"#,
            r#"enctype="multipart/form-data""#,
        ],
    );
    assert!(!html.contains("<script"), "{html}");
}

#[test]
fn mistakes_stand_beside_their_controls_and_over_them_all() {
    let definition = form(&format!(
        r#"[{{"name":"n","label":"Number","type":"numeric"}},
            {{"name":"kind","label":"Kind","type":"item","required":true,"items":{ITEMS}}},
            {{"name":"p","label":"People","type":"block","required":true,"fields":[
                {{"name":"z","label":"Z","type":"string"}}]}}]"#
    ));
    let html = page(&definition, typed("n=fi\"ve"), Then::Mistakes, 0);
    has(
        &html,
        &[
            r#"role="alert" id="mistakes" tabindex="-1" autofocus"#,
            "3 answers need another look",
            r##"<a href="#a.n">Number: Enter a number.</a>"##,
            r##"<a href="#a.kind">Kind: Answer this.</a>"##,
            r##"<a href="#a.p-set">People: Answer this.</a>"##,
            r#"value="fi&quot;ve" inputmode="decimal" aria-describedby="a.n-error" aria-invalid="true""#,
            r#"<p class="error" id="a.n-error">"#,
            r#"id="a.kind-set" tabindex="-1" aria-describedby="a.kind-error""#,
        ],
    );
    let html = page(&definition, typed("n=five"), Then::Show, 0);
    assert!(!html.contains("a.n-error"), "{html}");
}

#[test]
fn rows_can_be_added_and_removed_without_a_script() {
    let definition = form(
        r#"[{"name":"p","label":"People","type":"block","fields":[{"name":"z","label":"Z","type":"string"}]},
            {"name":"t","label":"T","type":"tablerows","columns":["A"]}]"#,
    );
    let mut two = typed("p.1.z=x");
    two.set_rows("a.p", 2);
    let html = page(&definition, two, Then::Show, 0);
    has(
        &html,
        &[
            r#"<button name="go" value="add:a.p" class="plain">Add another: People</button>"#,
            r#"<button name="go" value="remove:a.p.1" class="plain">Remove People · No. 2</button>"#,
            r#"id="a.p.1.z" name="a.p.1.z" class="wide" value="x""#,
            r#"<input type="text" name="a.t.0.c1" aria-label="A, line 1" value="">"#,
            r#"value="add:a.t""#,
        ],
    );
}

#[test]
fn all_answers_are_shown_before_they_are_sent() {
    let definition = form(&format!(
        r#"[{{"name":"kind","label":"Kind","type":"item","items":{ITEMS}}},
            {{"name":"ok","label":"Agreed","type":"bool"}},
            {{"name":"none","label":"None","type":"string"}},
            {{"name":"hidden","label":"Hidden","type":"string","display":["summary"]}},
            {{"name":"p","label":"People","type":"block","fields":[{{"name":"z","label":"Z","type":"string"}}]}},
            {{"name":"sum","label":"Sum","type":"computed","template":"{{{{ 1|add:2 }}}}"}}]"#
    ));
    let html = page(&definition, typed("kind=2&ok=yes&hidden=x&p.0.z=<i>"), Then::Show, 1);
    has(
        &html,
        &[
            "<h1>Check your answers</h1>",
            "<dt>Kind</dt><dd><p>Two</p></dd>",
            "<dt>Agreed</dt><dd><p>Yes</p></dd>",
            r#"<dt>None</dt><dd><span class="none">No answer</span></dd>"#,
            "<dt>Z</dt><dd><p>&lt;i&gt;</p></dd>",
            "<dt>Sum</dt><dd><p>3</p></dd>",
            r#"<button name="go" value="page:0" class="plain" aria-label="Change: Request">Change</button>"#,
            r#"<button name="go" value="send" class="main">Send</button>"#,
        ],
    );
    assert!(!html.contains("Hidden"), "{html}");
}
