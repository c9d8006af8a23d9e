//! Common first and last names of several origins, combined at random, and made-up places. Nobody real is
//! meant; two lists are drawn from independently.

pub(crate) const GIVEN: &[&str] = &[
    "Anna", "Eva", "Maria", "Karin", "Kristina", "Lena", "Kerstin", "Sara", "Emma", "Ingrid", "Malin", "Jenny",
    "Linda", "Elin", "Annika", "Åsa", "Ulla", "Susanne", "Johanna", "Camilla", "Hanna", "Ida", "Sofia", "Frida",
    "Moa", "Ebba", "Wilma", "Alva", "Astrid", "Saga", "Märta", "Tuva", "Lars", "Mikael", "Anders", "Johan", "Erik",
    "Per", "Karl", "Peter", "Jan", "Thomas", "Daniel", "Fredrik", "Andreas", "Stefan", "Magnus", "Jonas", "Mattias",
    "Björn", "Oskar", "Viktor", "Gustav", "Axel", "Elias", "Hugo", "Nils", "Sixten", "Love", "Malte", "Fatima",
    "Amina", "Zahra", "Maryam", "Leila", "Noor", "Samira", "Hodan", "Hibo", "Ayaan", "Aisha", "Yasmin", "Rana",
    "Shirin", "Parisa", "Nasrin", "Dilan", "Rojin", "Berivan", "Zeynep", "Elif", "Selin", "Jelena", "Amra", "Lejla",
    "Katarzyna", "Agnieszka", "Olena", "Natalia", "Irina", "Thi", "Mei", "Ploy", "Selam", "Bethlehem", "Paulina",
    "Aino", "Päivi", "Tuula", "Mohammed", "Ahmed", "Ali", "Omar", "Yusuf", "Ibrahim", "Hassan", "Abdi", "Khalid",
    "Reza", "Amir", "Farhad", "Navid", "Baran", "Azad", "Emre", "Murat", "Goran", "Adnan", "Mirza", "Piotr",
    "Tomasz", "Andrij", "Dmitri", "Minh", "Samuel", "Dawit", "Yonas", "Mateo", "Diego", "Timo", "Jari", "Ismail",
];

pub(crate) const FAMILY: &[&str] = &[
    "Andersson", "Johansson", "Karlsson", "Nilsson", "Eriksson", "Larsson", "Olsson", "Persson", "Svensson",
    "Gustafsson", "Pettersson", "Jonsson", "Jansson", "Hansson", "Bengtsson", "Jönsson", "Lindberg", "Jakobsson",
    "Magnusson", "Lindström", "Olofsson", "Lindqvist", "Lindgren", "Berg", "Axelsson", "Bergström", "Lundberg",
    "Lind", "Lundgren", "Mattsson", "Berglund", "Fredriksson", "Sandberg", "Henriksson", "Sjöberg", "Forsberg",
    "Wallin", "Engström", "Eklund", "Danielsson", "Håkansson", "Lundin", "Björk", "Bergman", "Gunnarsson", "Holm",
    "Wikström", "Åberg", "Öberg", "Söderberg", "Nyström", "Ekström", "Hedlund", "Ström", "Åström", "Ali", "Mohamed",
    "Ahmed", "Hassan", "Hussein", "Abdi", "Warsame", "Farah", "Jama", "Karimi", "Hosseini", "Ahmadi", "Rahimi",
    "Moradi", "Yilmaz", "Kaya", "Demir", "Öztürk", "Aydin", "Haddad", "Khoury", "Saleh", "Nasser", "Mansour",
    "Hodžić", "Kovačević", "Petrović", "Jovanović", "Begić", "Nowak", "Kowalska", "Wiśniewski", "Shevchenko",
    "Koval", "Ivanova", "Nguyen", "Tran", "Le", "Chen", "Wang", "Tesfaye", "Haile", "Bekele", "Okafor", "Mensah",
    "Diallo", "García", "Rodríguez", "Silva", "Pérez", "Virtanen", "Korhonen", "Mäkinen", "Nieminen", "Heikkinen",
    "Hansen", "Jensen", "Schmidt", "Weber", "Rossi", "Popescu", "Ionescu", "Papadopoulos", "Singh", "Khan", "Rahman",
];

/// Made-up places; a principals' area and a school may share one.
pub(crate) const PLACES: &[&str] = &[
    "Norrängen", "Kvarnhult", "Solhöjden", "Stenvreten", "Mossdal", "Hasselro", "Granhyddan", "Åsmarken",
    "Björkliden", "Lärkängen", "Tallbergsby", "Sjöglimt", "Ekfallet", "Klockarvallen", "Vallmohöjd", "Rönnbacken",
    "Södra Ljungen", "Ådalsvik", "Hagtorpa", "Lindbrinken", "Österkulla", "Fårhagen", "Myrlunda", "Kärrsätra",
    "Almgläntan", "Brännkulla", "Tegelvik", "Humlebo", "Smedjekulla", "Ängsvreta",
];

/// What preschools are called after.
pub(crate) const PRESCHOOLS: &[&str] = &[
    "Blåklockan", "Tallkotten", "Snäckan", "Regnbågen", "Nyckelpigan", "Gläntan", "Myrstacken", "Lövsångaren",
    "Kantarellen", "Skogsstjärnan", "Smultronet", "Vitsippan", "Ugglan", "Ekorren", "Sländan", "Hasselmusen",
    "Trollskogen", "Solrosen", "Fjärilen", "Grodan", "Ankaret", "Stenhuggaren", "Blåsippan", "Tranan", "Humlan",
    "Kastanjen", "Lingonet", "Månskenet", "Norrskenet", "Pärlan", "Rödhaken", "Svalan", "Timjan", "Vildrosen",
    "Ärlan", "Örnboet", "Källan", "Gullvivan", "Hjortronet", "Igelkotten",
];

/// The name in letters that stand in an address.
pub(crate) fn plain(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    for letter in name.chars().flat_map(char::to_lowercase) {
        match letter {
            'a'..='z' | '0'..='9' => plain.push(letter),
            'å' | 'ä' | 'á' | 'à' => plain.push('a'),
            'ö' | 'ó' | 'ø' => plain.push('o'),
            'é' | 'è' => plain.push('e'),
            'í' => plain.push('i'),
            'ü' => plain.push('u'),
            'č' | 'ć' => plain.push('c'),
            'š' | 'ś' => plain.push('s'),
            'ž' | 'ź' | 'ż' => plain.push('z'),
            ' ' | '-' => plain.push('-'),
            _ => {}
        }
    }
    plain
}
