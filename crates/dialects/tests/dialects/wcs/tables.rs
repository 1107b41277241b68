//! Submissions as tables: the columns, the cells, and files that others can open.

use fieldpost_dialects::sheets::{Csv, Sheet, SheetFormat};
use fieldpost_dialects::wcs::geojson::Shown;
use fieldpost_dialects::wcs::table::{columns, row};
use fieldpost_model::form_definition::{FormDefinition, NotedAnswer, flattened, noted};
use fieldpost_model::submission::{Answer, Group, Node};

use super::World;

fn written(world: &World, format: SheetFormat, shown: Shown<'_>) -> Vec<u8> {
    let columns = columns(&world.definition, shown);
    let names = columns.iter().map(|column| column.heading.as_str());
    let mut sheet = Sheet::begin(format, Csv::Guarded, names).unwrap();
    let mut bytes = sheet.take();
    let cells = row(&world.record(), &world.site(), &world.viewer(), &columns);
    sheet.add(cells.iter().map(|content| content.cell())).unwrap();
    bytes.extend(sheet.take());
    bytes.extend(sheet.end().unwrap());
    bytes
}

#[test]
fn a_table_has_a_column_for_each_answer() {
    let world = World::new();
    let text = |shown| String::from_utf8(written(&world, SheetFormat::Csv, shown)).unwrap();
    assert_eq!(
        text(Shown::Listed),
        "Number,Created,Last Modified,User Label,name,Status\r\n\
         1-28,2013-01-04 13:39:47,2013-01-04 13:41:21,Fred,Marie,New\r\n"
    );
    assert_eq!(
        text(Shown::All),
        "Number,Created,Last Modified,User Label,name,story,email,phone,agreed,amount,day,kind,\
         kinds,order,photo,position,People - first,People - portrait,People - role,grid,rows,sum,\
         unnamed,Status,note\r\n\
         1-28,2013-01-04 13:39:47,2013-01-04 13:41:21,Fred,Marie,\"One\nTwo\",marie@example.net,\
         '+33 1 23,Yes,5.50,2026-11-23,one,\"one, two\",\"two, one\",a.txt,48.856613;2.352219,\
         Ann | Bob,b.png | ,two | ,\"a, 1; b, 2\",\"c, 3\",\"{\"\"total\"\":7}\",\
         nobody reads this,New,to check\r\n"
            .replace("b.png | ,two | ,", "\"b.png | \",\"two | \",")
    );
}

#[test]
fn nothing_in_a_table_is_run_as_a_formula() {
    let mut world = World::new();
    world.submission.values.members[0].1 = Node::Answer(Answer::text("=HYPERLINK(\"http://x\")"));
    let csv = String::from_utf8(written(&world, SheetFormat::Csv, Shown::Listed)).unwrap();
    assert!(csv.contains(",\"'=HYPERLINK(\"\"http://x\"\")\","), "{csv}");
}

#[test]
fn what_stood_there_once_in_one_submission_and_in_rows_in_another_is_in_one_table() {
    let text = |text: &str| Node::Answer(Answer::text(text));
    let group = |members: Vec<(&str, Node)>| {
        let members = members.into_iter().map(|(name, node)| (name.to_owned(), node));
        Group { members: members.collect(), ..Group::default() }
    };
    let row = |name: &str| Node::Group(group(vec![("name", text(name))]));
    let plain = group(vec![("contact", text("nobody")), ("tags", text("a"))]);
    let rows = group(vec![
        ("contact", Node::Repeat(vec![row("Ann"), row("Bo")])),
        ("tags", Node::Repeat(vec![text("a"), text("b")])),
    ]);
    let answers: Vec<NotedAnswer> = [&plain, &rows].into_iter().flat_map(noted).collect();
    let mut world = World::new();
    world.definition.fields = FormDefinition::of_answers("", &answers).fields;
    for (values, expected) in [(plain, ",nobody,a,"), (rows, "Ann | Bo,\" | \",a; b,")] {
        world.submission.values = flattened(&values);
        let csv = String::from_utf8(written(&world, SheetFormat::Csv, Shown::All)).unwrap();
        assert!(csv.contains(",contact - name,contact - c1,tags,Status,"), "{csv}");
        assert!(csv.contains(&format!(",Fred,{expected}New,")), "{csv}");
    }
}

/// The names of an archive's files, as its list of them has them.
fn names(archive: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    for (place, _) in archive.windows(4).enumerate().filter(|(_, bytes)| *bytes == b"PK\x01\x02") {
        let length = usize::from(u16::from_le_bytes([archive[place + 28], archive[place + 29]]));
        let name = &archive[place + 46..place + 46 + length];
        names.push(String::from_utf8(name.to_vec()).unwrap());
    }
    names
}

#[test]
fn workbooks_are_archives_with_their_parts() {
    let world = World::new();
    assert_eq!(
        names(&written(&world, SheetFormat::Ods, Shown::All)),
        ["mimetype", "META-INF/manifest.xml", "content.xml"]
    );
    let xlsx = names(&written(&world, SheetFormat::Xlsx, Shown::All));
    assert_eq!(xlsx.first().map(String::as_str), Some("[Content_Types].xml"));
    assert!(xlsx.contains(&"xl/worksheets/sheet1.xml".to_owned()), "{xlsx:?}");
}
